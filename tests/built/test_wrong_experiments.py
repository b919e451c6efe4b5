"""A wrong row of the experiment seeds stops the build with the row and the remedy."""

import pytest

TEST = "tests/experiments/an_experiment_is_sound.sql"
SEEDS = (
    *("experiments", "experiment_arms", "experiment_metrics"),
    *("personas", "placements", "shadow_models"),
)


@pytest.fixture(scope="module")
def check(say_of_seeds):
    return say_of_seeds(TEST, SEEDS)


def test_the_rows_that_ship_are_right(check):
    assert check("") is None


EXPERIMENT = "update experiments set {} where experiment_id = 'free_delivery_hint'"
ARM = "update experiment_arms set {} where experiment_id = 'free_delivery_hint' and arm = 'hint'"
RUNNING_ARM = (
    "update experiment_arms set {} where experiment_id = 'bestsellers_first' and arm = '{}'"
)
METRIC = (
    "update experiment_metrics set {} "
    "where experiment_id = 'free_delivery_hint' and metric = 'revenue'"
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            EXPERIMENT.format("ends_at = '2026-02-01'"),
            "experiments, row free_delivery_hint: it ends at 2026-02-01 00:00:00, not after its "
            "start at 2026-02-02 00:00:00; correct one of the two.",
        ),
        (
            EXPERIMENT.format("starts_at = null"),
            "experiments, row free_delivery_hint: it has no starts_at or ends_at; plan both, such "
            "as 2026-02-02 00:00:00.",
        ),
        (
            EXPERIMENT.format("unit = 'session'"),
            "experiments, row free_delivery_hint: it has the unit session; say user or anonymous.",
        ),
        (
            EXPERIMENT.format("audience_kind = 'persona', audience_id = 'deal_seeker'"),
            "experiments, row free_delivery_hint: it is for the persona deal_seeker, which nobody "
            "knows; take one of personas.",
        ),
        (
            EXPERIMENT.format("audience_kind = 'segment', audience_id = 'segment_999'"),
            "experiments, row free_delivery_hint: it is for the segment segment_999, which nobody "
            "knows; take one of dim_segments.",
        ),
        (
            EXPERIMENT.format("audience_id = 'deal_seekers'"),
            "experiments, row free_delivery_hint: it is for all and names the audience "
            "deal_seekers; empty audience_id, or say which kind it is.",
        ),
        (
            EXPERIMENT.format("audience_kind = null"),
            "experiments, row free_delivery_hint: it has the audience_kind nothing; say all, "
            "persona or segment.",
        ),
        (
            EXPERIMENT.format("placement_id = 'card_banner'"),
            "experiments, row free_delivery_hint: it shows on card_banner, which placements does "
            "not have; add it there, or correct the name.",
        ),
        (
            EXPERIMENT.format("placement_id = 'home_hero', ends_at = '2026-03-02 00:00:01'"),
            "experiments, row bestsellers_first: it shows on home_hero from 2026-03-02 00:00:00, "
            "where free_delivery_hint shows until 2026-03-02 00:00:01; move one of them, or give "
            "it another placement_id.",
        ),
        (
            EXPERIMENT.format("pre_period_days = -1"),
            "experiments, row free_delivery_hint: it has no pre_period_days; say 28, or 0 to do "
            "without.",
        ),
        (
            "insert into experiments from experiments where experiment_id = 'bestsellers_first'",
            "experiments, row bestsellers_first: it stands there 2 times; give each experiment an "
            "id of its own.",
        ),
        (
            ARM.format("weight = 0.4"),
            "experiments, row free_delivery_hint: it has arms whose weights sum to 0.900000; make "
            "them sum to 1 in experiment_arms.",
        ),
        (
            ARM.format("is_control = true"),
            "experiments, row free_delivery_hint: it has 2 controls; mark exactly one arm as "
            "is_control in experiment_arms.",
        ),
        (
            RUNNING_ARM.format("shadow_id = 'wider'", "best_sellers"),
            "experiment_arms, row bestsellers_first, best_sellers: it goes by the shadow model "
            "wider, which shadow_models does not have; add it there, or correct the name.",
        ),
        (
            RUNNING_ARM.format("shadow_id = 'wider'", "control"),
            "experiment_arms, row bestsellers_first, control: it is the control and goes by the "
            "shadow model wider; empty its shadow_id, for what is new is compared with the "
            "champion.",
        ),
        (
            "insert into shadow_models (shadow_id) values ('wider'); "
            + RUNNING_ARM.format("shadow_id = 'wider'", "best_sellers"),
            "experiment_arms, row bestsellers_first, best_sellers: it goes by the shadow model "
            "wider, of which no model is fitted, and shows what the champion says; run make "
            "weekly, or plan a later start.",
        ),
        (
            "insert into experiment_arms (experiment_id, arm, weight, is_control) "
            "values ('free_delivery', 'hint', 1, false)",
            "experiment_arms, row free_delivery, hint: it names an experiment that experiments "
            "does not have; add it there, or drop the row.",
        ),
        (
            METRIC.format("metric = 'profit'"),
            "experiment_metrics, row free_delivery_hint, profit: it is not measured; take one of "
            "conversion, order_count, revenue, engagement.",
        ),
        (
            METRIC.format("role = 'hope'"),
            "experiment_metrics, row free_delivery_hint, revenue: it has the role hope; say goal "
            "or guardrail.",
        ),
        (
            METRIC.format("direction = 'sideways'"),
            "experiment_metrics, row free_delivery_hint, revenue: it has the direction sideways; "
            "say up or down.",
        ),
        (
            METRIC.format("minimum_effect = 0"),
            "experiment_metrics, row free_delivery_hint, revenue: it has no minimum_effect above "
            "0; say 0.05 for five hundredths of the control's mean.",
        ),
        (
            "update experiment_metrics set role = 'guardrail' "
            "where experiment_id = 'bestsellers_first'",
            "experiments, row bestsellers_first: it has no goal; add a metric with the role goal "
            "to experiment_metrics.",
        ),
    ],
)
def test_a_wrong_row_of_an_experiment_is_named_with_its_remedy(check, change, message):
    assert check(change) == f"Invalid Input Error: {message}"


def test_the_shadow_of_an_experiment_that_is_over_may_go(check):
    assert check(ARM.format("shadow_id = 'wider'")) is None


def test_two_wrong_rows_are_told_at_once(check):
    said = check("update experiments set unit = 'session'")
    assert said.count("it has the unit session; say user or anonymous.") == 2
