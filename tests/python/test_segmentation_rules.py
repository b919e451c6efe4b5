"""A rule is short, in original units, and as true as it says."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from kindred.segmentation.cleaning import read_catalog
from kindred.segmentation.describing import RULE_BRANCHES, RULE_DEPTH, describe_rules
from kindred.segmentation.guessing import is_held_out

CATALOG = read_catalog(
    pd.DataFrame(
        {
            "feature": ["order_count_365d", "revenue_365d", "recency_days", "device"],
            "is_clustered": [True, True, False, False],
            "kind": ["numeric", "numeric", "numeric", "category"],
            "impute": ["constant", "median", "median", "mode"],
            "impute_constant": ["0", None, None, None],
            "outlier_method": "none",
            "outlier_action": "none",
            "transform": "none",
            "scale": ["standard", "standard", "standard", "none"],
            "encode": ["none", "none", "none", "onehot"],
            "encode_top_count": [None, None, None, 2],
            "weight": 1.0,
            "description": "",
        }
    )
)
SURE = "revenue_365d is null"
SEGMENTS = ["segment_001", "segment_002", "segment_003"]


def users(count=600, seed=0):
    """Buyers of much, buyers of little and people who buy nothing, some of it unknown."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(3, size=count)
    orders = np.choose(labels, [chance.integers(4, 9, count), chance.integers(1, 4, count), 0])
    revenue = orders * np.choose(labels, [90.123, 20.456, 0]) * chance.uniform(0.8, 1.2, count)
    frame = pd.DataFrame(
        {
            "user_id": [f"u{n:05d}" for n in range(count)],
            "order_count_365d": np.where(labels == 2, np.nan, orders),
            "revenue_365d": revenue,
            "recency_days": np.where(chance.random(count) < 0.1, np.nan, chance.random(count)),
            "device": "mobile",
        }
    )
    return frame, labels


def ruled(frame, labels, segments=SEGMENTS):
    rows = describe_rules(frame, CATALOG, labels, segments)
    assert set(rows["record"]) == {"rule"}
    table = rows.assign(content=rows["text"].where(rows["text"].notna(), rows["value"]))
    return table.pivot(index="segment_id", columns="name", values="content")


def test_a_rule_says_what_sets_a_segment_apart():
    rules = ruled(*users())
    assert rules.loc["segment_003", "rule"] == "order_count_365d <= 0"
    assert rules.loc["segment_001", "rule"] == "order_count_365d >= 4"
    assert rules["fidelity"].astype(float).min() > 0.97


def test_the_condition_in_sql_has_the_very_numbers_that_the_rule_claims():
    frame, labels = users()
    labels[::7] = 1  # so that no rule is perfect
    rules = ruled(frame, labels)
    held_out = frame[is_held_out(frame["user_id"])]  # noqa: F841
    is_member = labels[is_held_out(frame["user_id"])]
    for place, segment in enumerate(SEGMENTS):
        condition = rules.loc[segment, "condition"]
        with duckdb.connect() as connection:
            query = f"select {condition} from held_out order by user_id"
            holds = np.array(connection.execute(query).fetchall())[:, 0]
        member = is_member == place
        assert rules.loc[segment, "fidelity"] == (holds == member).mean() < 1
        assert rules.loc[segment, "precision"] == (holds & member).sum() / holds.sum()
        assert rules.loc[segment, "recall"] == (holds & member).sum() / member.sum()
        assert rules.loc[segment, "held_out_count"] == len(member)


def test_in_sql_too_the_unknown_counts_as_the_median():
    frame, _ = users()
    revenue = np.arange(len(frame)) % 10 + 10.5
    labels = (revenue > 13).astype(int)
    frame["revenue_365d"] = np.where(frame.index % 10 == 9, np.nan, revenue)
    rules = ruled(frame.assign(order_count_365d=0.0), labels, SEGMENTS[:2])
    condition = rules.loc["segment_002", "condition"]
    with duckdb.connect() as connection:
        holds = connection.execute(f"select bool_and({condition}) from frame where {SURE}")
        assert holds.fetchall() == [(True,)]
    assert rules.loc["segment_002", "fidelity"] == 1


def test_no_rule_learns_from_who_it_is_judged_on():
    frame, labels = users()
    held_out = is_held_out(frame["user_id"])
    rules = ruled(frame, np.where(held_out, (labels + 1) % 3, labels))
    assert rules["rule"].tolist() == ruled(frame, labels)["rule"].tolist()
    assert rules["fidelity"].astype(float).max() < 0.7


def test_a_rule_is_short_whatever_the_segments_are():
    frame, _ = users()
    labels = np.random.default_rng(9).integers(3, size=len(frame))
    for rule in ruled(frame, labels)["rule"]:
        branches = rule.split(" or ")
        assert len(branches) <= RULE_BRANCHES
        # a bound from below and from above may fall on one feature
        assert all(len(branch.split(" and ")) <= RULE_DEPTH for branch in branches)


def test_a_condition_that_adds_nothing_is_left_out():
    frame, labels = users()
    # recency splits the buyers of much in the tree, and changes nothing
    frame["recency_days"] = np.where(labels == 0, frame["order_count_365d"] % 2, 0)
    assert ruled(frame, labels).loc["segment_001", "rule"] == "order_count_365d >= 4"


def test_a_segment_of_two_ends_has_a_rule_of_two_branches():
    frame, _ = users()
    orders = frame["order_count_365d"].fillna(0)
    labels = ((orders >= 1) & (orders <= 5)).astype(int).to_numpy()
    rules = ruled(frame, labels, SEGMENTS[:2])
    assert " or " in rules.loc["segment_001", "rule"]
    assert rules.loc["segment_001", "fidelity"] == 1


def test_one_segment_is_everyone_and_an_empty_one_no_one():
    frame, labels = users(60)
    alone = ruled(frame, np.zeros(60, int), SEGMENTS[:1]).loc["segment_001"]
    assert (alone["rule"], alone["condition"], alone["fidelity"]) == ("everyone", "1 = 1", 1)
    empty = ruled(frame, np.minimum(labels, 1)).loc["segment_003"]
    assert (empty["rule"], empty["condition"], empty["fidelity"]) == ("no one", "1 = 0", 1)
    assert np.isnan(empty["precision"]) and np.isnan(empty["recall"])


def test_without_any_number_there_is_nothing_to_say():
    frame, labels = users()
    device = [one for one in CATALOG if one.feature == "device"]
    rows = describe_rules(frame, device, labels, SEGMENTS)
    assert set(rows.loc[rows["name"].eq("rule"), "text"]) == {"no one"}


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_users_have_rules_that_say_no_more_than_is_known(count):
    frame, labels = users()
    rules = ruled(frame.head(count), labels[:count])
    assert list(rules.index) == SEGMENTS
    assert rules["rule"].notna().all()
