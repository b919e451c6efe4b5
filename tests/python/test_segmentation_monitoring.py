"""The champion is watched; what moved is told, and makes the next run fit again."""

import numpy as np
import pandas as pd
import pytest
from test_segmentation_fitting import CATALOG, START, number, statuses, text, together, users

from kindred.segmentation import artifacts
from kindred.segmentation.clustering import Guards
from kindred.segmentation.fitting import fit_when_due
from kindred.segmentation.monitoring import fit_and_watch, watch


def run(sample, memory=None, *, days=0.0, **settings):
    """One run of the model: what it adds to the memory."""
    settings = {
        "seed": 7,
        "refit_after_days": 30,
        "segment_count_min": 3,
        "segment_count_max": 3,
    } | settings
    return fit_and_watch(
        sample,
        CATALOG,
        pd.DataFrame() if memory is None else memory,
        as_of=START + pd.Timedelta(days=days),
        **settings,
    )


def status(rows):
    looks = rows[rows["record"].eq("monitor") & rows["name"].eq("status")]
    return looks.sort_values("as_of")["text"].iloc[-1]


def fits(rows):
    return rows[rows["record"].eq("model")]["model_version"].nunique()


def moved(seed=1, by=3.0):
    """The camps after everybody's money grew, more than chance or a new draw would do."""
    sample = users(seed=seed)
    sample["revenue_365d"] = sample["revenue_365d"] * by + 40
    sample["recency_days"] = sample["recency_days"] + 9
    return sample


@pytest.fixture(scope="module")
def first():
    """The rows of a first run."""
    return run(users())


def test_the_run_that_fits_looks_at_its_model_and_finds_nothing_moved(first):
    assert status(first) == "ok"
    assert number(first, "monitor", "feature_psi") == 0
    assert number(first, "monitor", "size_psi") == 0
    assert number(first, "monitor", "silhouette") == pytest.approx(
        number(first, "model", "silhouette")
    )
    psi = first[first["record"].eq("monitor") & first["feature"].notna()]
    assert set(psi["feature"]) == set(CATALOG["feature"])
    shares = first[first["record"].eq("monitor") & first["name"].eq("share")]
    assert shares["value"].sum() == pytest.approx(1)


def test_other_users_of_the_same_camps_are_ok(first):
    rows = run(users(seed=9), first, days=1)
    assert fits(rows) == 0
    assert status(rows) == "ok"


def test_the_same_moment_is_looked_at_once(first):
    assert run(users(), first).empty
    next_day = run(users(seed=3), first, days=1)
    assert not next_day.empty
    assert run(users(seed=3), together(first, next_day), days=1).empty


def test_features_that_moved_say_act_and_the_next_run_fits(first):
    second = run(moved(), first, days=1)
    assert fits(second) == 0
    assert status(second) == "act"
    assert "features moved by" in text(second, "monitor", "reason")
    third = run(moved(seed=2), together(first, second), days=2)
    assert fits(third) == 1
    assert text(third, "model", "due").startswith("the model was watched: features moved by")


def test_an_act_that_a_fit_did_not_answer_is_answered_once_a_day(first):
    memory = together(first, run(moved(), first, days=1))
    closed = Guards(silhouette_loss=-9)  # no challenger passes
    third = run(moved(seed=2), memory, days=1.1, guards=closed)
    assert fits(third) == 1
    assert "rejected" in statuses(together(memory, third)).values()
    memory = together(memory, third)
    assert status(third) == "act"
    assert fits(run(moved(seed=3), memory, days=1.2, guards=closed)) == 0
    assert fits(run(moved(seed=3), memory, days=2.2, guards=closed)) == 1


def test_sizes_that_moved_say_so_by_segment(first):
    rare = users({"buyers": (1.0, 2.5, 6.5, 0.5)}, each=270, seed=4)
    others = users({"browsers": (1.5, 0.1, 0.2, 0.1), "lapsed": (5.0, 1.0, 4.0, 0.3)}, each=15)
    sample = together(rare, others)
    sample["user_id"] = [f"u{n:05d}" for n in range(len(sample))]
    rows = run(sample, first, days=1)
    assert status(rows) == "act"
    assert "segment sizes moved by" in text(rows, "monitor", "reason")
    parts = rows[rows["record"].eq("monitor") & rows["segment_id"].notna()]
    psi = parts[parts["name"].eq("psi")]["value"]
    assert psi.sum() == pytest.approx(number(rows, "monitor", "size_psi"))


def test_a_shifted_batch_is_scored_with_what_training_learned(first):
    """Nothing that a batch holds changes a parameter, however far it is off."""
    shifted = users(seed=5)
    shifted["revenue_365d"] *= 100
    rows = run(shifted, first, days=1)
    assert set(rows["record"]) == {"monitor"}
    learned = ["parameter", "level", "center"]
    before = first[first["record"].isin(learned)]
    after = together(first, rows)
    after = after[after["record"].isin(learned)]
    pd.testing.assert_frame_equal(after.reset_index(drop=True), before.reset_index(drop=True))


def test_nobody_to_look_with_is_no_look(first):
    assert watch(users().head(0), first, as_of=START + pd.Timedelta(days=1)).empty
    assert watch(users(), pd.DataFrame(), as_of=START).empty
    unknown = users().drop(columns="revenue_365d")
    assert watch(unknown, first, as_of=START + pd.Timedelta(days=1)).empty


def test_one_segment_is_watched_too():
    memory = run(users().head(5))
    rows = run(users(seed=2), memory, days=1)
    assert number(rows, "monitor", "low_margin_share") == 0
    assert status(rows) in ("ok", "watch", "act")


# --- when a fit is due -----------------------------------------------------------------


def test_zero_days_force_a_fit_at_every_new_moment(first):
    assert fits(run(users(seed=1), first, days=0.01, refit_after_days=0)) == 1
    assert fits(run(users(seed=1), first, days=0, refit_after_days=0)) == 0


def test_another_algorithm_is_fitted_at_once_and_names_stay(first):
    second = run(users(), first, algorithm="gaussian_mixture")
    memory = together(first, second)
    assert list(statuses(memory).values()) == ["retired", "champion"]
    assert text(second, "model", "algorithm") == "gaussian_mixture"
    assert number(second, "model", "kept_share") > 0.99
    assert run(users(), memory, algorithm="gaussian_mixture").empty
    assert memory["artifact_id"].is_unique


def test_an_algorithm_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="algorithm 'kmeans' must be one of minibatch_kmeans"):
        run(users(), algorithm="kmeans")


# --- shadows ---------------------------------------------------------------------------

SHADOWS = pd.DataFrame(
    {
        "shadow_id": ["mixture", "finer"],
        "algorithm": ["gaussian_mixture", "minibatch_kmeans"],
        "segment_count_min": [3, 4],
        "segment_count_max": [3, 4],
        "description": "",
    }
)
LOOSE = Guards(smallest_share=0, stability=0)


def test_shadows_are_fitted_with_the_champion_and_never_become_it():
    rows = run(users(), shadows=SHADOWS, guards=LOOSE)
    assert statuses(rows) == {
        "v2026-03-06T000000": "champion",
        "v2026-03-06T000000_finer": "shadow",
        "v2026-03-06T000000_mixture": "shadow",
    }
    again = run(users(seed=1), rows, days=40, shadows=SHADOWS, guards=LOOSE)
    now = statuses(together(rows, again))
    assert sorted(now.values()) == ["champion", *["retired"] * 3, "shadow", "shadow"]
    assert now["v2026-04-15T000000"] == "champion"
    assert together(rows, again)["artifact_id"].is_unique


def test_a_shadow_has_the_champions_names_where_members_agree():
    rows = run(users(), shadows=SHADOWS, guards=LOOSE)
    lineage = rows[rows["record"].eq("lineage")]
    mixture = lineage[lineage["model_version"].str.endswith("mixture")]
    assert set(mixture["text"]) == {"same"}
    finer = lineage[lineage["model_version"].str.endswith("finer")]
    fresh = set(finer["segment_id"]) - set(mixture["segment_id"])
    assert fresh
    # and a name that only a shadow had is not given to a segment later
    parted = run(users(seed=1), rows, days=40, segment_count_min=4, segment_count_max=4,
                 guards=LOOSE)  # fmt: skip
    assert fresh.isdisjoint(parted.loc[parted["record"].eq("lineage"), "segment_id"])


def test_a_shadow_that_is_asked_for_comes_without_a_challenger_and_goes_when_it_is_not(first):
    second = run(users(), first, shadows=SHADOWS.head(1), guards=LOOSE)
    memory = together(first, second)
    assert list(artifacts.live_shadows(memory).index) == ["mixture"]
    assert artifacts.last_fitted_model(memory) == artifacts.last_fitted_model(first)
    assert run(users(), memory, shadows=SHADOWS.head(1), guards=LOOSE).empty
    third = run(users(), memory, guards=LOOSE)
    assert artifacts.live_shadows(together(memory, third)).empty
    assert fits(third) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"algorithm": "magic"}, "row 'finer': algorithm 'magic' must be one of"),
        ({"segment_count_max": 1}, "row 'finer': segment counts must satisfy"),
        ({"shadow_id": "Has Space"}, "row 'Has Space': shadow_id must be there once"),
    ],
)
def test_a_wrong_row_of_the_seed_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        run(users(), shadows=SHADOWS.tail(1).assign(**change))


def test_more_shadows_than_the_hour_can_bear_are_refused():
    three = pd.concat([SHADOWS, SHADOWS.head(1).assign(shadow_id="third")])
    with pytest.raises(ValueError, match="has 3 rows; at most 2"):
        run(users(), shadows=three)


# --- the past --------------------------------------------------------------------------


def test_every_version_scores_as_it_did_whatever_came_after(first):
    from test_segmentation_fitting import scored

    sample = users(seed=8)
    then = scored(sample, first)
    memory = first
    for week in (1, 2, 3):
        settings = {"algorithm": "gaussian_mixture"} if week == 2 else {}
        added = fit_when_due(
            users(seed=week),
            CATALOG,
            memory,
            as_of=START + pd.Timedelta(weeks=week),
            seed=7,
            segment_count_min=3,
            segment_count_max=3,
            refit_after_days=7,
            **settings,
        )
        memory = together(memory, added)
    old = artifacts.of_model(memory, "v2026-03-06T000000")
    pd.testing.assert_series_equal(scored(sample, old), then)
    assert memory["model_version"].nunique() == 4
    assert np.isfinite(memory.loc[memory["record"].eq("center"), "value"]).all()
