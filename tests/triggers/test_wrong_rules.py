"""Each way to write a rule wrong is told with the rule, what is wrong with it and the remedy."""

import json
from pathlib import Path

import duckdb
import pytest
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[2]
TESTS = ["every_trigger_rule_can_fire", "every_persona_rule_can_hold"]
SEEDS = {
    "trigger_rules": "rules",
    "trigger_conditions": "rules",
    "persona_rules": "rules",
    "personas": "rules",
    "feature_catalog": "rules",
    "event_names": "lookups",
    "property_allow_list": "lookups",
}
TRIGGER = "update trigger_rules set {} where rule_id = 'cart_abandoned'"
VIEWED = "update trigger_rules set {} where rule_id = 'repeated_product_view'"
SPENT = "update trigger_rules set {} where rule_id = 'big_spender'"
FUNNEL = "update trigger_rules set {} where rule_id = 'straight_to_checkout'"
CONDITION = "insert into trigger_conditions values ({}, null)"
PERSONA = "update persona_rules set {} where rule_id = 'cart_left_behind'"
WRONG = {
    TRIGGER.format("event_name = 'add_to_kart'"): (
        "seeds/rules/trigger_rules.csv, rule cart_abandoned: it names the event add_to_kart in"
        " event_name, which nobody sends. Correct it, or add the event to"
        " seeds/lookups/event_names.csv."
    ),
    TRIGGER.format("ends_with_event = 'buy'"): "names the event buy in ends_with_event",
    TRIGGER.format("kind = 'missing'"): "has the kind missing. Use count, sum, nth, sequence",
    TRIGGER.format("key_kind = 'shop'"): "has the key_kind shop. Use none, product or category.",
    TRIGGER.format("after_hours = -4"): "waits for nothing, for no time or from nowhere.",
    TRIGGER.format("within_hours = 4"): "has no window, but within_hours. Empty within_hours",
    TRIGGER.format("match_count = 4"): "counts nothing, but has a match_count.",
    TRIGGER.format("at_least = 4"): "sums nothing, but has sum_column or at_least.",
    TRIGGER.format("then_event = 'purchase'"): "is no sequence, but has then_event.",
    TRIGGER.format("cooldown_hours = -1"): "has no, or a negative, cooldown_hours or expires_hours",
    TRIGGER.format("action = null"): "does not say what it is for.",
    TRIGGER.format("trigger_name = 'First purchase'"): "shares the trigger_name First purchase.",
    TRIGGER.format("persona_id = 'nobody'"): "calls for the content of nobody, a persona there is",
    TRIGGER.format("persona_id = 'deal_seekers'"): (
        "makes users cart_abandoners while trigger:cart_abandoned calls for the content of"
        " deal_seekers."
    ),
    "insert into trigger_rules select * from trigger_rules where rule_id = 'big_spender'": (
        "rule big_spender: it stands 2 times. Give each row a rule_id of its own"
    ),
    VIEWED.format("within_hours = -24"): (
        "rule repeated_product_view: it has a window of -24.000000 hours. Write within_hours of 0"
        " or more."
    ),
    VIEWED.format("match_count = 0"): "asks for 0 matches. Write a match_count of 1 or more.",
    VIEWED.format("match_count = 1001"): "asks for more than 1,000 matches",
    VIEWED.format("then_not_event = 'purchase'"): "is no absence rule, but says what it waits for.",
    VIEWED.format("filter_column = 'colour', filter_operator = '=', filter_value = 'red'"): (
        "looks at colour, which no event has. Use revenue, quantity, price, product_id"
    ),
    VIEWED.format("filter_column = 'properties.secret', filter_operator='=', filter_value='1'"): (
        "looks at the property secret, which does not pass. Add it to"
        " seeds/lookups/property_allow_list.csv."
    ),
    VIEWED.format("filter_column = 'price'"): "has half a filter.",
    VIEWED.format("filter_column = 'country', filter_operator = '>', filter_value = 'CH'"): (
        "compares country by >. Use = or !=, and for numbers also"
    ),
    VIEWED.format("filter_column = 'price', filter_operator = '>', filter_value = 'much'"): (
        "compares a number with much. Write a number into filter_value."
    ),
    VIEWED.format("filter_column = 'price', filter_operator = '<', filter_value = '0'"): (
        "asks for a price below nothing."
    ),
    CONDITION.format("'big_spendr', 'coupon', '=', 'SPRING'"): (
        "seeds/rules/trigger_rules.csv, rule big_spendr: it has a condition in"
        " trigger_conditions.csv that is of a rule that there is not. Use a rule_id of"
        " seeds/rules/trigger_rules.csv."
    ),
    CONDITION.format("'big_spender', 'secret', '=', '1'"): (
        "rule big_spender: it has a condition in trigger_conditions.csv that looks at the property"
        " secret, which does not pass. Add it to seeds/lookups/property_allow_list.csv."
    ),
    CONDITION.format("'big_spender', 'coupon', 'like', 'SPRING'"): "that compares by like. Use =",
    CONDITION.format("'big_spender', 'score', '>', 'much'"): (
        "that compares score with much. Write a text for = and !=, and a number for the others."
    ),
    "insert into trigger_conditions select 'big_spender', 'coupon', '!=', column0, null"
    " from (values ('A'), ('B'), ('C'), ('D')) as named(column0)": (
        "rule big_spender: it has 4 conditions in trigger_conditions.csv. Keep three at most"
    ),
    CONDITION.format("'big_spender', 'coupon', '=', null"): "that compares coupon with nothing.",
    SPENT.format("at_least = 0"): "sums nothing, or to nothing.",
    FUNNEL.format("then_event = null"): "has nothing that follows.",
    FUNNEL.format("then_event = 'search > search > search > purchase'"): "has more than four steps",
    FUNNEL.format("then_event = 'search > buy'"): "names the event buy in then_event",
    PERSONA.format("subject = 'persona:cart_abandoners'"): (
        "seeds/rules/persona_rules.csv, rule cart_left_behind: it is circular: it makes the persona"
        " cart_abandoners hang on the persona cart_abandoners. Write the conditions of"
        " cart_abandoners themselves into the rule."
    ),
    PERSONA.format("subject = 'trigger:cart_left'"): "looks at the trigger cart_left, which there",
    PERSONA.format("subject = 'trait:charm'"): "looks at the trait charm, which nobody knows.",
    PERSONA.format("subject = 'feature:charm'"): "looks at the feature charm, which nobody knows.",
    PERSONA.format("subject = 'charm'"): "looks at charm, which is nothing.",
    PERSONA.format("subject = null"): "has half a condition.",
    PERSONA.format("operator = 'is'"): "compares by is.",
    PERSONA.format("threshold = 2"): "asks trigger:cart_abandoned = 2.0, which is only yes or no.",
    PERSONA.format("subject = 'feature:discount_share_90d', operator = '>=', threshold = 30"): (
        "asks feature:discount_share_90d >= 30.0, and a share lies in 0 to 1. Write the share as a"
        " fraction, such as 0.3 for 30 %."
    ),
    PERSONA.format("subject = 'feature:order_count_90d', operator = '<', threshold = 0"): (
        "asks feature:order_count_90d < 0.0, and nobody is below 0."
    ),
    PERSONA.format("persona_id = 'nobody'"): "gives the persona nobody, which there is not.",
    PERSONA.format("source = 'guess'"): "has the source guess. Use trigger, cluster",
    "update persona_rules set source = 'fallback' where rule_id = 'cart_left_behind'": (
        "is a fallback with a condition."
    ),
    "delete from persona_rules where source = 'fallback'": "rule with the source fallback: it"
    " stands 0 times. Keep exactly one",
    "insert into persona_rules select * from persona_rules where rule_id = 'too_new_to_tell'": (
        "has the condition 1 2 times."
    ),
    "update persona_rules set priority = 1 where rule_id = 'segment_buys_often'"
    " and condition_number = 2": "has conditions that name several personas, sources or priorities",
    "update personas set priority = null where persona_id = 'deal_seekers'": (
        "rule of the persona deal_seekers: it stands 1 times, or has no priority"
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A function from a change to the seeds to what the tests say of it."""
    target = tmp_path_factory.mktemp("target")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        patch.setenv("KINDRED_HOME", str(target))
        arguments = ["--quiet", "compile", "--select", *TESTS, "--target-path", target]
        arguments += ["--log-path", target, "--project-dir", PROJECT, "--profiles-dir", PROJECT]
        assert dbtRunner().invoke([str(argument) for argument in arguments]).success
    nodes = json.loads((target / "manifest.json").read_text())["nodes"].values()
    named = {node["name"]: node for node in nodes}
    connection = duckdb.connect()
    for seed, folder in SEEDS.items():
        types = json.dumps(named[seed]["config"]["column_types"]).replace('"', "'")
        connection.execute(
            f"create table {seed} as from read_csv('{PROJECT}/seeds/{folder}/{seed}.csv',"
            f" header = true, types = {types})"
        )

    def tell(change: str) -> str:
        connection.begin()
        connection.execute(change)
        said = []
        for name in TESTS:
            text = Path(PROJECT, named[name]["compiled_path"]).read_text()
            for seed in SEEDS:
                text = text.replace(named[seed]["relation_name"], seed)
            try:
                assert connection.execute(text).fetchall() == []
            except duckdb.Error as error:
                said.append(str(error))
                connection.rollback()
                connection.begin()
                connection.execute(change)
        connection.rollback()
        return " ".join(said)

    return tell


def test_the_rules_that_are_shipped_are_right(told):
    assert told("select 1") == ""


@pytest.mark.parametrize("change", WRONG)
def test_a_wrong_rule_is_told(told, change):
    assert WRONG[change] in told(change)
