"""Features that tell nothing, nothing new, or too much leave, with the reason."""

import numpy as np
import pandas as pd
import pytest

from kindred.segmentation import cleaning

SHARED = {
    "is_clustered": True,
    "kind": "numeric",
    "impute": "median",
    "impute_constant": None,
    "outlier_method": "none",
    "outlier_action": "none",
    "transform": "none",
    "scale": "standard",
    "encode": "none",
    "encode_top_count": None,
    "encode_target": None,
    "item_kind": None,
    "selection": "auto",
    "weight": 1.0,
}
SIZE = 1000


def selected(columns, **changes):
    """Which features are clustered, and the reason of each, for {feature: values}."""
    catalog = pd.DataFrame([SHARED | {"feature": name} | changes.get(name, {}) for name in columns])
    rows, _ = cleaning.learn(pd.DataFrame(columns), cleaning.read_catalog(catalog))
    rows = rows[rows["record"].eq("parameter")]
    flags = rows[rows["name"].eq("is_clustered")].set_index("feature")["value"]
    reasons = rows[rows["name"].eq("selection_reason")].set_index("feature")["text"]
    assert reasons.notna().all()
    return set(flags[flags == 1].index), reasons.to_dict()


def drawn(seed):
    return np.random.default_rng(seed).normal(size=SIZE)


NOISE = drawn(0)
FEW = np.where(np.arange(SIZE) < 20, NOISE, np.nan)
CASES = {
    "constant": (np.full(SIZE, 3.0), "constant: every user has one value"),
    "near-constant": (np.where(np.arange(SIZE) < 3, 9.0, 0.0), "near-constant: 99.70% of users"),
    "mostly missing": (FEW, "mostly missing: 98.0% of users have no value"),
    "all missing": (np.full(SIZE, np.nan), "constant: every user has one value"),
    "redundant": (2 * drawn(1) + 5, "redundant: correlation 1.000 with base"),
    "perfectly opposite": (-drawn(1), "redundant: correlation 1.000 with base"),
}


@pytest.mark.parametrize(("values", "reason"), CASES.values(), ids=CASES)
def test_a_feature_that_tells_nothing_new_leaves_with_the_reason(values, reason):
    kept, reasons = selected({"base": drawn(1), "suspect": values})
    assert kept == {"base"}
    assert reasons["suspect"].startswith(reason)
    assert reasons["base"] == "clustered"


@pytest.mark.parametrize(("values", "reason"), CASES.values(), ids=CASES)
def test_the_catalogue_overrides_and_the_reason_says_so(values, reason):
    kept, reasons = selected(
        {"base": drawn(1), "suspect": values}, suspect={"selection": "keep", "weight": 0.1}
    )
    assert "suspect" in kept
    # the forced one is looked at first, so it is the other that repeats it
    expected = "clustered" if reason.startswith("redundant") else f"kept by the catalogue: {reason}"
    assert reasons["suspect"].startswith(expected)


def test_an_absence_that_the_catalogue_gives_a_meaning_is_an_answer():
    kept, _ = selected(
        {"base": drawn(1), "suspect": FEW},
        suspect={"impute": "constant", "impute_constant": "0"},
    )
    assert kept == {"base", "suspect"}


def test_of_two_alike_the_heavier_stays():
    kept, reasons = selected(
        {"a_light": drawn(1), "b_heavy": drawn(1) + 0.01 * NOISE}, b_heavy={"weight": 2.0}
    )
    assert kept == {"b_heavy"}
    assert "with b_heavy" in reasons["a_light"]


def test_a_copy_of_the_outcome_is_a_leak_and_the_outcome_itself_is_not():
    money = drawn(2)
    kept, reasons = selected(
        {
            "base": drawn(1),
            "money": money,
            "twin": np.round(money, 2),
            "city": np.where(drawn(5) > 0, "a", "b"),
        },
        money={"is_clustered": False},
        city={"kind": "category", "impute": "mode", "encode": "target", "encode_target": "money"},
    )
    assert kept == {"base", "city"}
    assert reasons["twin"].startswith("leaking: correlation 1.000 with the outcome money")
    assert reasons["money"] == "not clustered by the catalogue"


def test_a_category_that_names_users_is_a_leak():
    kept, reasons = selected(
        {"base": drawn(1), "login": [f"user {n}" for n in range(SIZE)]},
        login={"kind": "category", "impute": "mode", "encode": "onehot", "encode_top_count": 3},
    )
    assert kept == {"base"}
    assert reasons["login"] == "leaking: 1000 levels for 1000 users name the users"


def test_where_nothing_would_be_left_one_feature_stays():
    kept, reasons = selected({"one": np.zeros(SIZE), "two": np.ones(SIZE)}, two={"weight": 2.0})
    assert kept == {"two"}
    assert reasons["two"].startswith("nothing else is left: constant")


def test_a_heavy_tail_is_no_reason_to_leave():
    tail = np.random.default_rng(3).pareto(0.7, SIZE)
    kept, _ = selected({"base": drawn(1), "tail": tail}, tail={"transform": "log1p"})
    assert kept == {"base", "tail"}
