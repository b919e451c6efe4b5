"""An experiment whose arm goes by a shadow model, in a copy of the home that was built."""

import operator
import shutil
import sys
from collections import Counter, defaultdict

import duckdb
import pytest
from conftest import PROJECT

sys.path.insert(0, str(PROJECT / "tests" / "increments"))

from warehouse import Warehouse

COMPARES = {
    **{">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt},
    **{"=": operator.eq, "<>": operator.ne},
}
SOURCES = ["trigger", "cluster", "cold_start", "fallback"]
FIT = ["seg_model_artifacts", "seg_models", "seg_models__live"]
FIT += ["seg_segment_centers", "seg_feature_parameters"]  # what scores is a view and stays
DECIDE = [
    *("seg_experiments__exposed", "seg_experiments__assigned", "seg_users__shadowed"),
    *("seg_users__situated", "seg_situations__decided", "fct_decisions"),
]
MEASURE = [
    *("seg_experiments__measured", "seg_experiments__summed", "seg_experiments__tested"),
    *("fct_experiment_assignments", "fct_experiment_results"),
]
START = """
    insert into seeds.shadow_models values ('finer', 'gaussian_mixture', 6, 6, null);
    insert into seeds.experiments (
        experiment_id, starts_at, ends_at, unit, audience_kind, placement_id, pre_period_days
    )
    select 'finer_segments', as_of - interval 1 day, as_of + interval 9 day, 'user', 'all',
        'cart_banner', 28
    from intermediate.int_time__resolved order by run_number desc limit 1;
    insert into seeds.experiment_arms (experiment_id, arm, weight, is_control, shadow_id) values
        ('finer_segments', 'as_now', 0.5, true, null),
        ('finer_segments', 'finer', 0.5, false, 'finer');
    insert into seeds.experiment_metrics (experiment_id, metric, role, direction, minimum_effect)
    values ('finer_segments', 'conversion', 'goal', 'up', 0.1);
"""
# what was decided comes back as served, and the experiment is over
SERVE = """
    insert into intermediate.int_decisions__collected
        (decision_id, user_id, placement_id, variant_id, persona_id, experiment_id, arm,
        is_holdout, served_at)
    select decision_id, user_id, placement_id, variant_id, persona_id, experiment_id, arm,
        is_holdout, decided_at - interval 1 hour
    from marts.fct_decisions where experiment_id = 'finer_segments';
    -- what was remembered before it was served
    update segmentation.seg_persona_changes set changed_at = changed_at - interval 1 day;
    update seeds.experiments set ends_at = (
        select max(decided_at) from marts.fct_decisions
    ) where experiment_id = 'finer_segments'
"""


def rows_of(build, table, where="true"):
    with duckdb.connect(str(build), read_only=True) as connection:
        found = connection.execute(f"select * from {table} where {where}")
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def before(home):
    return rows_of(home / "kindred_build.duckdb", "marts.fct_decisions")


@pytest.fixture(scope="module")
def copy(home, tmp_path_factory):
    """The home while the experiment runs: a dbt run fits the shadow and decides."""
    folder = tmp_path_factory.mktemp("shadow") / "home"
    folder.mkdir()
    shutil.copy(home / "kindred_build.duckdb", folder)
    (folder / "landing").symlink_to((home / "landing").resolve())
    warehouse = Warehouse(folder, home)
    with duckdb.connect(str(warehouse.build)) as build:
        build.execute(START)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_HOME", str(folder))
        patch.setenv("KINDRED_LANDING", str(folder / "landing"))
        warehouse.dbt("run", "--select", *FIT, *DECIDE)
        yield warehouse


@pytest.fixture(scope="module")
def during(copy):
    return rows_of(copy.build, "marts.fct_decisions")


def personas_by(segments, build):
    """Persona, rule and source of each user by a segment: persona_rules evaluated here."""
    traits = {
        (one["model_version"], one["segment_id"], one["feature"]): one["value"]
        for one in rows_of(
            build, "segmentation.seg_model_artifacts", "record = 'trait' and name = 'z_score'"
        )
    }
    active = {
        (one["user_id"], one["rule_id"])
        for one in rows_of(build, "marts.fct_trigger_firings", "is_active")
    }
    features = {one["user_id"]: one for one in rows_of(build, "intermediate.int_users__current")}
    priorities = {one["persona_id"]: one["priority"] for one in rows_of(build, "seeds.personas")}
    rules = defaultdict(list)
    for one in rows_of(build, "seeds.persona_rules"):
        rules[one["rule_id"]].append(one)

    def holds(condition, user, segment):
        if condition["subject"] is None:
            return condition["source"] == "fallback"
        kind, _, name = condition["subject"].partition(":")
        value = {
            "trait": lambda: traits.get((segment["model_version"], segment["segment_id"], name)),
            "feature": lambda: features[user][name],
            "trigger": lambda: int((user, name) in active),
        }[kind]()
        return value is not None and COMPARES[condition["operator"]](
            float(value), condition["threshold"]
        )

    found = {}
    for user, segment in segments.items():
        ranked = sorted(
            (
                first["source"] == "fallback",
                priorities[first["persona_id"]] if first["priority"] is None else first["priority"],
                SOURCES.index(first["source"]),
                first["persona_id"],
                rule,
            )
            for rule, (first, *_) in rules.items()
            if all(holds(one, user, segment) for one in rules[rule])
        )
        found[user] = (ranked[0][3], ranked[0][4], SOURCES[ranked[0][2]])
    return found


def test_the_arm_of_a_shadow_decides_by_the_personas_of_the_shadows_segments(copy, during):
    segments = {
        one["user_id"]: one for one in rows_of(copy.build, "marts.fct_user_shadow_segments")
    }
    mine = [one for one in during if one["segmented_by"] == "shadow"]
    assert len(mine) > 500
    expected = personas_by({one["user_id"]: segments[one["user_id"]] for one in mine}, copy.build)
    champion = {
        one["user_id"]: one["persona_id"]
        for one in rows_of(copy.build, "segmentation.seg_personas__matched", "match_rank = 1")
    }
    moved = 0
    for one in mine:
        persona, rule, source = expected[one["user_id"]]
        segment = segments[one["user_id"]]
        assert (one["arm"], one["shadow_id"]) == ("finer", "finer")
        assert one["persona_id"] == persona
        assert one["segment_id"] == segment["segment_id"]
        assert one["model_version"] == segment["model_version"]
        assert one["margin"] == pytest.approx(segment["margin"])
        if one["reason"] == "persona":
            assert (one["rule_id"], one["variant_id"]) == (rule, "banner_deals")
            assert source != "cluster" or one["margin"] >= 0.05
        if one["reason"] == "low_margin":
            assert (source, one["variant_id"]) == ("cluster", "banner_default")
            assert one["margin"] < 0.05
        moved += persona != champion[one["user_id"]]
    assert {"persona", "fallback", "trigger"} <= {one["reason"] for one in mine}
    # the shadow sees other people than the champion does
    assert moved > 20


def test_everybody_else_is_shown_what_they_were_shown_without_the_experiment(before, during):
    was = {(one["user_id"], one["placement_id"]): one for one in before}
    others = [one for one in during if one["segmented_by"] != "shadow"]
    assert len(was) == len(during)
    of_experiment = {"experiment_id", "arm", "shadow_id", "segmented_by", "valid_until"}
    for one in others:
        old = was[one["user_id"], one["placement_id"]]
        mine = one["experiment_id"] == "finer_segments"
        same = one.keys() - of_experiment if mine else one.keys()
        assert {name: one[name] for name in same} == {name: old[name] for name in same}
    kinds = {
        (one["arm"], one["segmented_by"])
        for one in others
        if one["experiment_id"] == "finer_segments"
    }
    assert kinds == {("as_now", "champion"), ("finer", "champion_cold_start")}
    # an arm of a shadow that falls back says so, and only for who is too new
    too_new = {one["user_id"] for one in others if one["segmented_by"] == "champion_cold_start"}
    assert too_new


def test_who_is_held_out_or_refused_or_elsewhere_takes_no_part(during):
    for one in during:
        if one["segmented_by"] != "champion":
            assert one["placement_id"] == "cart_banner"
            assert not one["is_holdout"] and one["reason"] != "no_consent"


def test_results_compare_the_arms_by_the_champions_personas_and_the_end_ends_it(
    copy, before, during
):
    with duckdb.connect(str(copy.build)) as build:
        build.execute(SERVE)
    champion = {
        one["user_id"]: one["persona_id"]
        for one in rows_of(copy.build, "segmentation.seg_personas__matched", "match_rank = 1")
    }
    copy.dbt("run", "--select", *DECIDE, *MEASURE)

    after = rows_of(copy.build, "marts.fct_decisions")
    order = {"key": lambda one: (one["user_id"], one["placement_id"])}
    assert sorted(after, **order) == sorted(before, **order)

    mine = "experiment_id = 'finer_segments'"
    exposed = rows_of(copy.build, "marts.fct_experiment_assignments", mine)
    served = {one["user_id"]: one for one in during if one["experiment_id"] == "finer_segments"}
    assert exposed and {one["user_id"] for one in exposed} == served.keys()
    for one in exposed:
        assert one["arm"] == served[one["user_id"]]["arm"]
        # also where the decision was made for another persona
        assert one["persona_id"] == champion[one["user_id"]]
    results = rows_of(copy.build, "marts.fct_experiment_results", mine)
    everybody = {one["arm"]: one for one in results if one["slice_kind"] == "all"}
    assert {arm: one["user_count"] for arm, one in everybody.items()} == Counter(
        one["arm"] for one in exposed
    )
    assert everybody["finer"]["sample_ratio_p_value"] > 0.001
    slices = {one["slice_id"] for one in results if one["slice_kind"] == "persona"}
    assert slices <= set(champion.values()) and len(slices) > 2
