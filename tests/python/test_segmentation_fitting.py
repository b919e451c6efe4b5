"""A fit serves everyone, whatever the sample; a re-fit keeps names; bad ones wait."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kindred.segmentation import artifacts, cleaning, clustering
from kindred.segmentation.clustering import Cores, Guards
from kindred.segmentation.describing import _labels
from kindred.segmentation.fitting import fit_when_due, read_cores

START = pd.Timestamp("2026-03-06")
FEATURES = {
    "recency_days": ("median", "log1p"),
    "order_count_365d": ("constant", "log1p"),
    "revenue_365d": ("constant", "log1p"),
    "view_to_cart_rate_365d": ("median", "none"),
}
CATALOG = pd.DataFrame(
    [
        {
            "feature": feature,
            "is_clustered": True,
            "kind": "numeric",
            "impute": impute,
            "impute_constant": "0" if impute == "constant" else None,
            "outlier_method": "zscore",
            "outlier_action": "cap",
            "transform": transform,
            "scale": "standard",
            "encode": "none",
            "encode_top_count": None,
            "weight": 1.0,
            "description": "",
        }
        for feature, (impute, transform) in FEATURES.items()
    ]
)
# Means of recency (log), orders (log), revenue (log), rate: three clear kinds of users.
CAMPS = {
    "buyers": (1.0, 2.5, 6.5, 0.5),
    "browsers": (1.5, 0.1, 0.2, 0.1),
    "lapsed": (5.0, 1.0, 4.0, 0.3),
}
FEW = {"segment_count_min": 3, "segment_count_max": 4}


def users(camps=CAMPS, each=100, seed=0):
    """Users in camps, their camp in a column, unknown values here and there."""
    generator = np.random.default_rng(seed)
    frames = []
    for camp, (recency, orders, revenue, rate) in camps.items():
        noise = generator.normal(0, 0.2, (4, each))
        frames.append(
            pd.DataFrame(
                {
                    "camp": camp,
                    "recency_days": np.expm1(np.maximum(recency + noise[0], 0)),
                    "order_count_365d": np.expm1(np.maximum(orders + noise[1], 0)),
                    "revenue_365d": np.expm1(np.maximum(revenue + noise[2], 0)),
                    "view_to_cart_rate_365d": np.clip(rate + noise[3] / 4, 0, 1),
                }
            )
        )
    sample = pd.concat(frames, ignore_index=True)
    sample.loc[generator.random(len(sample)) < 0.05, "view_to_cart_rate_365d"] = np.nan
    sample.insert(0, "user_id", [f"u{n:05d}" for n in range(len(sample))])
    return sample


def fitted(sample, memory=None, *, weeks=0, catalog=CATALOG, **settings):
    settings = {"seed": 7, "refit_after_days": 7} | FEW | settings
    return fit_when_due(
        sample,
        catalog,
        pd.DataFrame() if memory is None else memory,
        as_of=START + pd.Timedelta(weeks=weeks),
        **settings,
    )


def together(*rows):
    return pd.concat(rows, ignore_index=True)


def text(rows, record, name):
    chosen = rows["record"].eq(record) & rows["name"].eq(name)
    return rows.loc[chosen, "text"].iloc[0]


def number(rows, record, name):
    chosen = rows["record"].eq(record) & rows["name"].eq(name)
    return rows.loc[chosen, "value"].iloc[0]


def reasons(rows):
    chosen = rows["record"].eq("trial") & rows["name"].eq("reason")
    return rows[chosen].set_index("cluster_count")["text"].to_dict()


def relations(rows):
    lineage = rows[rows["record"].eq("lineage")]
    return dict(zip(lineage["segment_id"], lineage["text"], strict=True))


def labels(rows):
    chosen = rows[rows["record"].eq("label")]
    return dict(zip(chosen["segment_id"], chosen["text"], strict=True))


def statuses(memory):
    rows = memory[memory["record"].eq("status") & memory["name"].eq("status")]
    latest = rows.sort_values("value").groupby("model_version")["text"].last()
    return latest.to_dict()


def scored(sample, rows):
    """The segment of each user, from the rows alone."""
    segments, dimensions, cores = read_cores(rows)
    places = cores.labels(cleaning.apply(sample, rows)[dimensions].to_numpy())
    return pd.Series(np.array(segments)[places], index=sample["user_id"])


@pytest.fixture(scope="module")
def first():
    """The rows of a first fit on three camps."""
    return fitted(users())


def test_a_first_fit_finds_the_camps_and_numbers_them_by_money(first):
    sample = users()
    found = pd.crosstab(sample["camp"].to_numpy(), scored(sample, first).to_numpy())
    assert found.idxmax(axis=1).to_dict() == {
        "buyers": "segment_001",
        "lapsed": "segment_002",
        "browsers": "segment_003",
    }
    assert found.max(axis=1).sum() == len(sample)
    assert relations(first) == dict.fromkeys(found.columns, "new")


def test_a_first_model_is_the_champion(first):
    assert statuses(first) == {"v2026-03-06T000000": "champion"}
    assert text(first, "status", "gate_reason") == "promoted: the first model"


def test_rows_have_the_types_of_the_contract_and_keys_of_their_own(first):
    assert first.dtypes.astype(str).to_dict() == artifacts.DTYPES
    assert artifacts.empty_artifacts().dtypes.astype(str).to_dict() == artifacts.DTYPES
    assert first["artifact_id"].is_unique
    assert first["artifact_id"].notna().all()


def test_each_count_has_a_reason_and_one_is_chosen(first):
    assert set(reasons(first)) == {3, 4}
    assert all(reasons(first).values())
    chosen = first[first["record"].eq("trial") & first["name"].eq("is_chosen")]
    assert chosen["value"].sum() == 1


def test_order_of_rows_and_columns_changes_nothing(first):
    shuffled = users().sample(frac=1, random_state=5)
    turned = shuffled[shuffled.columns[::-1]]
    again = fitted(turned, catalog=CATALOG.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(again, first)


def test_the_order_of_the_memory_changes_nothing(first):
    sample = users(seed=1)
    shuffled = first.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(fitted(sample, first, weeks=1), fitted(sample, shuffled, weeks=1))


def test_what_a_warehouse_hands_back_is_the_same_memory(first):
    widened = first.astype({"cluster_number": "float64", "cluster_count": "float64"})
    objects = widened.astype(
        {name: "object" for name, kind in artifacts.DTYPES.items() if kind == "str"}
    )
    sample = users(seed=1)
    pd.testing.assert_frame_equal(
        fitted(sample, first, weeks=1),
        fitted(sample, objects.where(objects.notna(), None), weeks=1),
    )


def test_no_fit_is_due_before_its_time(first):
    for days in (0, 1, 6.9, -30):
        rows = fitted(users(), first, weeks=days / 7)
        assert len(rows) == 0
        assert rows.dtypes.astype(str).to_dict() == artifacts.DTYPES


def test_a_fit_is_due_on_the_day(first):
    assert len(fitted(users(), first, weeks=1)) > 0
    assert len(fitted(users(), first, weeks=0, refit_after_days=0)) == 0


def test_time_zones_do_not_matter_and_no_time_is_refused():
    sample = users(each=10)
    east = START.tz_localize("UTC").tz_convert("Asia/Tokyo")
    settings = {"seed": 7, "refit_after_days": 7} | FEW
    rows = fit_when_due(sample, CATALOG, pd.DataFrame(), as_of=east, **settings)
    assert rows["as_of"].unique().tolist() == [START]
    with pytest.raises(ValueError, match="as_of"):
        fit_when_due(sample, CATALOG, pd.DataFrame(), as_of=pd.NaT, **settings)


def test_a_refit_on_new_users_keeps_names_and_replaces_the_champion(first):
    second = fitted(users(seed=1), first, weeks=1)
    memory = together(first, second)
    assert set(relations(second).values()) == {"same"}
    assert text(second, "model", "start") == "warm"
    assert statuses(memory) == {
        "v2026-03-06T000000": "retired",
        "v2026-03-13T000000": "champion",
    }
    sample = users(seed=2)
    before, after = scored(sample, first), scored(sample, second)
    assert (before == after).mean() > 0.99


def test_there_is_one_champion_after_any_number_of_refits():
    memory = artifacts.empty_artifacts()
    for week in range(5):
        sample = users(each=40, seed=week) if week != 3 else users().head(3)
        memory = together(memory, fitted(sample, memory, weeks=week))
        assert list(statuses(memory).values()).count("champion") == 1
    assert artifacts.current_champion(memory) == "v2026-04-03T000000"
    assert statuses(memory)["v2026-03-27T000000"] == "rejected"
    assert memory["artifact_id"].is_unique


def test_a_camp_that_parts_in_two_keeps_one_name_and_gains_another(first):
    parts = [
        users({camp: CAMPS[camp] for camp in ("browsers", "lapsed")}),
        users({"eager": (0.5, 3.1, 7.4, 0.7)}, each=70),
        users({"steady": (1.6, 1.8, 5.6, 0.2)}, each=40),
    ]
    parted = together(*parts)
    parted["user_id"] = [f"u{n:05d}" for n in range(len(parted))]
    second = fitted(parted, first, weeks=1, guards=Guards(drift=9))
    assert relations(second)["segment_004"] == "split"
    assert sorted(relations(second).values()) == ["same", "same", "same", "split"]


def test_a_retired_name_is_never_used_again(first):
    other = {
        "new one": (0.1, 3.0, 1.0, 0.9),
        "new two": (6.0, 0.0, 0.0, 0.0),
        "new three": (0.1, 0.0, 7.0, 0.0),
    }
    second = fitted(users(other), first, weeks=1, guards=Guards(drift=99))
    third = fitted(users(seed=4), together(first, second), weeks=2, guards=Guards(drift=99))
    began = [
        segment
        for rows in (first, second, third)
        for segment, relation in relations(rows).items()
        if relation not in ("same", "retired")
    ]
    assert len(began) == len(set(began)) > 3


def test_features_that_jump_once_wait_and_twice_are_believed(first):
    broken = users(seed=1)
    broken["revenue_365d"] = 0.0
    broken["order_count_365d"] = 0.0
    second = fitted(broken, first, weeks=1, guards=Guards(stability=0))
    assert "features drifted" in text(second, "status", "gate_reason")
    assert statuses(together(first, second))["v2026-03-06T000000"] == "champion"
    third = fitted(broken, together(first, second), weeks=2, guards=Guards(0, 0, 9, 0.5))
    assert text(third, "status", "gate_reason") == "promoted: passed the gate"


def test_a_challenger_with_a_worse_silhouette_is_rejected(first):
    strict = Guards(silhouette_loss=-0.5)
    second = fitted(users(seed=1), first, weeks=1, guards=strict)
    assert "below the champion's" in text(second, "status", "gate_reason")
    assert statuses(together(first, second)) == {
        "v2026-03-06T000000": "champion",
        "v2026-03-13T000000": "rejected",
    }


def test_a_challenger_that_moves_many_for_no_better_segments_is_rejected(first):
    none_may_move = Guards(moved_share=-1)
    second = fitted(users(seed=1), first, weeks=1, guards=none_may_move)
    assert "it would move 0% of users to other segments" in text(second, "status", "gate_reason")
    assert statuses(together(first, second))["v2026-03-06T000000"] == "champion"


def test_a_model_that_somebody_asked_for_may_move_many(first):
    none_may_move = Guards(moved_share=-1)
    lighter = CATALOG.assign(weight=[0.9, 1, 1, 1])
    for asked in (
        {"algorithm": "gaussian_mixture"},
        {"segment_count_min": 4},
        {"catalog": lighter},
    ):
        second = fitted(users(seed=1), first, weeks=1, guards=none_may_move, **asked)
        assert "it would move" not in text(second, "status", "gate_reason"), asked


def test_a_champion_on_features_that_are_gone_is_replaced(first):
    catalog = CATALOG[CATALOG["feature"] != "order_count_365d"]
    sample = users().drop(columns="order_count_365d")
    second = fitted(sample, first, weeks=1, catalog=catalog)
    assert "cannot score" in text(second, "status", "gate_reason")
    assert sorted(relations(second).values()) == ["new"] * 3 + ["retired"] * 3


def test_a_new_feature_does_not_cost_a_segment_its_name(first):
    extra = CATALOG.iloc[[3]].assign(feature="discount_share_365d")
    sample = users(seed=1).assign(discount_share_365d=0.1)
    second = fitted(sample, first, weeks=1, catalog=together(CATALOG, extra))
    assert set(relations(second).values()) == {"same"}


def only_segment(rows, reason):
    assert read_cores(rows)[0] == ["segment_001"]
    assert reason in text(rows, "model", "reason")
    assert all(reasons(rows).values())
    assert statuses(rows) == {"v2026-03-06T000000": "champion"}
    assert labels(rows) == {"segment_001": "everyone"}
    anyone = users(each=2)
    assert set(scored(anyone, rows)) == {"segment_001"}
    assert np.isfinite(read_cores(rows)[2].centers).all()


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_users_are_one_segment(count):
    rows = fitted(users().head(count))
    only_segment(rows, f"only {count} usable users, at least 6 are needed")


def test_no_users_are_one_segment_at_the_origin():
    rows = fitted(users().head(0).astype({"user_id": "object"}))
    assert (read_cores(rows)[2].centers == 0).all()


def test_no_users_and_only_categories_are_one_segment_too():
    catalog = CATALOG.head(1).assign(
        feature="device",
        kind="category",
        impute="mode",
        outlier_method="none",
        outlier_action="none",
        transform="none",
        encode="onehot",
        encode_top_count=2,
    )
    empty = pd.DataFrame({"user_id": [], "device": []}, dtype="object")
    assert read_cores(fitted(empty, catalog=catalog))[0] == ["segment_001"]
    devices = pd.DataFrame({"user_id": [str(n) for n in range(30)], "device": ["a", "b", "c"] * 10})
    assert len(read_cores(fitted(devices, catalog=catalog))[0]) == 3


def test_equal_users_are_one_segment():
    same = users().iloc[[0] * 50].assign(user_id=[str(n) for n in range(50)])
    only_segment(fitted(same), "equal in every clustered feature")


def test_users_of_whom_nothing_is_known_are_one_segment():
    nothing = users().assign(**dict.fromkeys(FEATURES, np.nan))
    only_segment(fitted(nothing), "equal in every clustered feature")


def test_two_kinds_of_equal_users_are_too_few_for_three_segments():
    pair = users().iloc[[0, 299] * 25].assign(user_id=[str(n) for n in range(50)])
    rows = fitted(pair)
    only_segment(rows, "passed the guards")
    assert "only 2 users differ" in reasons(rows)[3]


def test_more_segments_than_users_can_fill_are_not_tried():
    rows = fitted(users(each=3), segment_count_max=6)
    assert "not tried: only 9 usable users" in reasons(rows)[5]
    assert len(read_cores(rows)[0]) == 3


def test_absurd_values_do_not_stop_a_fit():
    sample = users()
    sample.loc[:3, "revenue_365d"] = [np.inf, -np.inf, 1e308, -1e308]
    sample.loc[4:6, "recency_days"] = [1e300, -1.0, np.nan]
    rows = fitted(sample)
    assert statuses(rows) == {"v2026-03-06T000000": "champion"}
    assert scored(sample, rows).notna().all()


def test_decimals_and_nullable_integers_are_numbers():
    sample = users(each=20)
    cents = [Decimal(f"{value:.2f}") for value in sample["revenue_365d"]]
    whole = sample["recency_days"].round()
    typed = sample.assign(
        revenue_365d=pd.Series([*cents[:-1], None], dtype="object"),
        recency_days=whole.astype("Int64"),
    )
    floats = sample.assign(revenue_365d=[*map(float, cents[:-1]), np.nan], recency_days=whole)
    pd.testing.assert_frame_equal(fitted(typed), fitted(floats))


def test_nothing_that_passes_the_guards_is_one_segment():
    rows = fitted(users(), guards=Guards(smallest_share=0.5))
    only_segment(rows, "no number of segments from 3 to 4 passed the guards")
    assert "smallest share" in reasons(rows)[3]


def test_one_segment_never_replaces_several(first):
    second = fitted(users().head(4), first, weeks=1)
    assert "one segment would replace 3" in text(second, "status", "gate_reason")


def test_several_segments_replace_one():
    alone = fitted(users().head(4))
    second = fitted(users(), alone, weeks=1, guards=Guards(drift=9))
    assert text(second, "status", "gate_reason") == "promoted: passed the gate"
    assert len(read_cores(second)[0]) == 3


def test_a_tiny_cluster_of_heavy_tails_is_refused_though_its_silhouette_is_best():
    generator = np.random.default_rng(11)
    money = generator.lognormal(6.5, 1.0, 1500)
    # a handful of wholesalers, as in any real order book
    money[:9] = generator.uniform(150_000, 250_000, 9)
    sample = pd.DataFrame(
        {
            "user_id": [f"c{n:04d}" for n in range(1500)],
            "recency_days": generator.exponential(90, 1500).round(),
            "order_count_365d": np.where(np.arange(1500) < 9, 100, generator.geometric(0.3, 1500)),
            "revenue_365d": money,
        }
    )
    raw = CATALOG.head(3).assign(outlier_method="none", outlier_action="none", transform="none")
    counts = {"segment_count_min": 2, "segment_count_max": 3}
    trap = fitted(sample, catalog=raw, **counts)
    ledger = trap[trap["record"].eq("trial")]
    ledger = ledger.pivot(index="cluster_count", columns="name", values="value")
    assert ledger.loc[2, "silhouette"] > 0.8
    assert ledger.loc[2, "smallest_share"] == 9 / 1500
    assert ledger.loc[2, "is_chosen"] == 0
    assert reasons(trap)[2].startswith("refused")
    assert "smallest share 0.60% is below 2%" in reasons(trap)[2]

    bent = fitted(sample, catalog=CATALOG.head(3), **counts)
    assert number(bent, "model", "smallest_share") > 0.02
    assert number(bent, "model", "k") in (2, 3)


def scattered(seed, size=200):
    """What users differ by around a mean silhouette: they sum up to nothing."""
    noise = np.random.default_rng(seed).normal(0, 0.2, size)
    return noise - noise.mean()


def test_the_smallest_count_near_the_best_silhouette_wins():
    def trial(count, silhouette, share=0.2, stability=0.9):
        return clustering.Trial(
            cluster_count=count,
            cores=Cores.at(np.zeros((count, 1))),
            silhouette=silhouette,
            silhouettes=silhouette + scattered(count),
            smallest_share=share,
            stability=stability,
        )

    judged = clustering._judge(
        [
            trial(2, 0.90, share=0.006),
            trial(3, 0.35),
            trial(4, 0.38),
            trial(5, 0.40),
            trial(6, 0.50, stability=0.3),
        ],
        Guards(),
    )
    assert [t.cluster_count for t in judged if t.is_chosen] == [4]
    told = {t.cluster_count: t.reason for t in judged}
    assert "smallest share 0.60% is below 2%" in told[2]
    assert "more than 10% below the best silhouette 0.400 (k = 5)" in told[3]
    assert "smallest k within 10%" in told[4]
    assert "k = 4 is smaller" in told[5]
    assert "stability 0.3000 is below 0.60" in told[6]


def test_a_smaller_count_that_the_same_users_tell_to_be_worse_is_not_as_good():
    everyone = scattered(1)

    def trial(count, silhouette, own):
        return clustering.Trial(
            cluster_count=count,
            cores=Cores.at(np.zeros((count, 1))),
            silhouette=silhouette,
            silhouettes=silhouette + everyone + own * scattered(count),
            smallest_share=0.2,
            stability=0.9,
        )

    trials = [trial(3, 0.39, 0.1), trial(4, 0.398, 0.1), trial(5, 0.40, 0.1)]
    judged = clustering._judge(trials, Guards())
    assert [t.cluster_count for t in judged if t.is_chosen] == [4]
    assert "is clearly below the best silhouette 0.400 (k = 5)" in judged[0].reason
    # the same means, of users who differ more: nothing is certain
    judged = clustering._judge([trial(3, 0.39, 1), trial(4, 0.398, 1), trial(5, 0.40, 1)], Guards())
    assert [t.cluster_count for t in judged if t.is_chosen] == [3]


def test_a_smaller_count_that_is_less_stable_is_not_as_good():
    def trial(count, silhouette, stability):
        return clustering.Trial(
            cluster_count=count,
            cores=Cores.at(np.zeros((count, 1))),
            silhouette=silhouette,
            silhouettes=silhouette + scattered(count),
            smallest_share=0.2,
            stability=stability,
        )

    trials = [trial(3, 0.1, 1.0), trial(4, 0.46, 0.85), trial(5, 0.47, 0.99), trial(6, 0.48, 0.95)]
    judged = clustering._judge(trials, Guards())
    assert [t.cluster_count for t in judged if t.is_chosen] == [5]
    told = {t.cluster_count: t.reason for t in judged}
    assert "stability 0.850 is more than 10% below the best" in told[4]


def test_a_cold_fit_replaces_a_warm_one_only_when_clearly_better():
    generator = np.random.default_rng(5)
    camps = [(0, 0), (10, 0), (0, 10)]
    points = np.vstack([generator.normal(camp, 0.3, (40, 2)) for camp in camps])
    settings = {"seed": 1, "count_min": 3, "count_max": 3, "guards": Guards()}
    good = np.array(camps, dtype="float64")
    warm = clustering.choose_clusters(points, start=good, **settings)[0]
    assert warm.start == "warm"
    assert "started from the champion" in warm.start_reason
    # two centres in one camp and one between the others: a place that traps k-means
    bad = np.array([[0.2, 0.0], [-0.2, 0.0], [5.0, 5.0]])
    cold = clustering.choose_clusters(points, start=bad, **settings)[0]
    assert cold.start == "cold"
    assert "at least 5% better" in cold.start_reason


def test_a_start_can_be_shortened_and_lengthened():
    points = np.repeat(np.array([[0.0], [5.0], [9.0], [20.0]]), [50, 30, 10, 1], axis=0)
    start = np.array([[9.0], [0.0], [5.0]])
    kept = clustering.extend_start(points, start, 2, seed=1)
    assert kept.ravel().tolist() == [0.0, 5.0]
    longer = clustering.extend_start(points, start, 4, seed=1)
    assert longer.ravel().tolist() == [9.0, 0.0, 5.0, 20.0]


def test_traits_are_in_raw_units_and_labels_in_plain_words(first):
    traits = first[first["record"].eq("trait")].pivot(
        index=["segment_id", "feature"], columns="name", values="value"
    )
    sample = users()
    buyers = sample.loc[sample["camp"].eq("buyers"), "revenue_365d"].mean()
    money = traits.loc[("segment_001", "revenue_365d")]
    assert money["mean"] == pytest.approx(buyers)
    assert money["population_mean"] == pytest.approx(sample["revenue_365d"].mean())
    assert money["z_score"] > 0.8
    assert len(set(labels(first).values())) == 3
    assert "high" in labels(first)["segment_001"]
    assert "not active lately" in labels(first)["segment_002"]
    assert "low revenue" in labels(first)["segment_003"]


def test_labels_are_unique_even_when_traits_are_not():
    scores = pd.DataFrame(
        {"revenue_365d": [1.0, 1.0, 0.0], "view_count_365d": [0.9, 0.9, 0.0]},
        index=["segment_001", "segment_002", "segment_003"],
    )
    cleaned = pd.DataFrame({"revenue_365d": [1.0, 2], "view_count_365d": [2.0, 2]})
    assert _labels(scores, cleaned) == {
        "segment_001": "high revenue, high view count",
        "segment_002": "high revenue, high view count (2)",
        "segment_003": "close to average",
    }


def test_an_excluded_outlier_is_scored_all_the_same():
    catalog = CATALOG.assign(outlier_action="exclude")
    sample = users()
    sample.loc[0, "revenue_365d"] = 1e9
    rows = fitted(sample, catalog=catalog)
    assert number(rows, "model", "sample_size") == 300
    assert number(rows, "model", "fit_size") < 300
    assert scored(sample, rows).notna().all()


@pytest.mark.parametrize(
    ("sample", "settings", "message"),
    [
        (users(each=5).assign(user_id="one"), {}, "user_id must be unique"),
        (users(each=5).assign(user_id=None), {}, "user_id must not be null"),
        (users(each=5), {"segment_count_min": 1}, "2 <= minimum <= maximum"),
        (users(each=5), {"segment_count_max": 2}, "2 <= minimum <= maximum"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(sample, settings, message):
    with pytest.raises(ValueError, match=message):
        fitted(sample, **settings)


def test_the_shipped_catalogue_makes_sense():
    catalog = pd.read_csv("seeds/rules/feature_catalog.csv")
    treatments = cleaning.read_catalog(catalog)
    assert {t.feature for t in treatments if t.is_clustered} >= {
        "recency_days",
        "order_count_365d",
        "average_order_value_365d",
    }
    assert catalog["description"].notna().all()


def test_before_anybody_is_mature_everyone_is_guessed_into_the_one_segment():
    rows = fitted(users().head(0))
    guesses = rows[rows["record"].eq("guess")]
    assert set(guesses["name"]) == {"prior", "cold_start"}
    assert set(guesses["segment_id"]) == {"segment_001"}
    # the softmax of one score is certainty
    assert guesses["feature"].eq("intercept").all() and guesses["value"].eq(0).all()
    rules = rows[rows["record"].eq("rule") & rows["name"].eq("rule")]
    assert rules["text"].tolist() == ["everyone"]
