"""Cleaning is learned on the sample, kept as rows, and applied from the rows alone."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import yeojohnson

from kindred.segmentation import cleaning
from kindred.segmentation.artifacts import empty_artifacts

NUMBER = {
    "feature": "amount",
    "is_clustered": "true",
    "kind": "numeric",
    "impute": "median",
    "impute_constant": None,
    "outlier_method": "none",
    "outlier_action": "none",
    "transform": "none",
    "scale": "none",
    "encode": "none",
    "encode_top_count": None,
    "weight": 1.0,
    "description": "",
}
CATEGORY = NUMBER | {
    "feature": "channel",
    "kind": "category",
    "impute": "constant",
    "impute_constant": "Unknown",
    "encode": "onehot",
    "encode_top_count": 2,
}
UNKNOWN = np.nan


def learned(values, **treatment):
    """Parameter rows of one numeric feature, and who may be fitted on."""
    catalog = pd.DataFrame([NUMBER | treatment])
    sample = pd.DataFrame({catalog.loc[0, "feature"]: values})
    return cleaning.learn(sample, cleaning.read_catalog(catalog))


def number(rows, name, feature="amount"):
    chosen = rows["feature"].eq(feature) & rows["name"].eq(name)
    return rows.loc[chosen, "value"].item()


def text(rows, name, feature="amount"):
    chosen = rows["feature"].eq(feature) & rows["name"].eq(name)
    return rows.loc[chosen, "text"].item()


def applied(values, rows):
    return cleaning.apply(pd.DataFrame({"amount": values}), rows)["amount"].tolist()


@pytest.mark.parametrize(
    ("impute", "expected"),
    [("mean", 5.0), ("median", 2.5), ("mode", 2.0), ("constant", 7.0)],
)
def test_an_unknown_value_is_filled_as_the_catalogue_says(impute, expected):
    rows, _ = learned(
        [1.0, 2.0, 2.0, 3.0, 3.0, 19.0, UNKNOWN],
        impute=impute,
        impute_constant="7" if impute == "constant" else None,
    )
    assert number(rows, "fill_value") == expected
    assert applied([None, 4.0], rows) == [expected, 4.0]


def test_the_mode_of_a_tie_is_the_smallest():
    rows, _ = learned([9.0, 9.0, 4.0, 4.0, 1.0], impute="mode")
    assert number(rows, "fill_value") == 4.0


def test_a_z_score_cap_holds_values_within_three_deviations():
    values = [*range(100), 400.0]
    rows, _ = learned(values, outlier_method="zscore", outlier_action="cap")
    upper = np.mean(values) + 3 * np.std(values)
    assert number(rows, "upper") == pytest.approx(upper)
    assert applied([400.0, 50.0], rows) == pytest.approx([upper, 50.0])


def test_absurd_values_do_not_hide_themselves_in_the_deviation():
    sane = list(range(100))
    rows, _ = learned([*sane, 1e6, -1e6], outlier_method="zscore", outlier_action="cap")
    upper = np.mean(sane) + 3 * np.std(sane)
    assert number(rows, "upper") == pytest.approx(upper)
    assert applied([upper + 1], rows) == pytest.approx([upper])


def test_an_absurd_value_is_unknown_and_filled_like_one():
    sane = list(range(100))
    rows, _ = learned([*sane, 1e6, -1e6], outlier_method="zscore", outlier_action="cap")
    assert applied([1e6, -1e6, None], rows) == [np.median(sane)] * 3


def test_an_absurd_value_is_as_if_it_had_not_been_said():
    sane = [float(n) for n in range(100)]
    treatment = {"outlier_method": "zscore", "outlier_action": "cap", "impute": "mean"}
    told, _ = learned([*sane, 1e6], **treatment)
    untold, _ = learned([*sane, UNKNOWN], **treatment)
    for name in ("fill_value", "center", "scale"):
        assert number(told, name) == number(untold, name)


@pytest.mark.parametrize("transform", ["log1p", "yeo_johnson"])
def test_the_long_tail_of_a_bent_feature_is_not_absurd(transform):
    tail = np.exp(np.random.default_rng(1).normal(3, 1.2, 5_000))
    treatment = {"outlier_method": "zscore", "outlier_action": "cap", "transform": transform}
    rows, _ = learned(tail, **treatment)
    assert not cleaning.Learned.read(rows).believed(tail, "amount").mean() < tail.mean()
    assert number(rows, "absurd_upper") < tail.max() * 1_000


@pytest.mark.parametrize("action", ["none", "exclude"])
def test_nothing_is_absurd_where_outliers_stay_or_leave_the_fit(action):
    rows, _ = learned([*range(100), 1e6], outlier_method="zscore", outlier_action=action)
    assert np.isnan(number(rows, "absurd_upper"))
    assert applied([1e6], rows) == [1e6]


def test_a_fill_value_is_never_absurd_itself():
    rows, _ = learned(
        [*range(100), 1e6],
        outlier_method="zscore",
        outlier_action="cap",
        impute="constant",
        impute_constant="5000",
    )
    assert applied([None], rows) == pytest.approx([number(rows, "upper")])


def test_a_quartile_cap_holds_values_within_one_and_a_half_ranges():
    values = [*range(1, 101), 10_000.0]
    rows, _ = learned(values, outlier_method="iqr", outlier_action="cap")
    assert number(rows, "lower") == 26 - 1.5 * 50
    assert number(rows, "upper") == 76 + 1.5 * 50


def test_a_quartile_cap_does_not_flatten_a_feature_that_is_mostly_zero():
    values = [0.0] * 80 + [float(n) for n in range(1, 21)]
    rows, _ = learned(values, outlier_method="iqr", outlier_action="cap")
    assert number(rows, "upper") > 5
    assert "by z-score" in text(rows, "outlier_note")


def test_an_outlier_that_is_only_transformed_is_not_held():
    rows, _ = learned(
        [0.0, 1.0, 2.0, 1e6],
        outlier_method="iqr",
        outlier_action="transform",
        transform="log1p",
    )
    assert np.isnan(number(rows, "upper"))
    assert applied([1e6, -5.0], rows) == pytest.approx([np.log1p(1e6), 0.0])


def test_an_excluded_outlier_stays_out_of_the_fit_and_of_its_scale():
    values = [*range(100), 10_000.0]
    rows, is_usable = learned(
        values, outlier_method="iqr", outlier_action="exclude", scale="minmax"
    )
    assert is_usable.tolist() == [True] * 100 + [False]
    assert number(rows, "scale") == 99
    assert applied([10_000.0], rows) == pytest.approx([10_000 / 99])


def test_yeo_johnson_takes_its_bend_from_the_sample():
    values = np.random.default_rng(1).lognormal(0, 1, 300)
    rows, _ = learned(values, transform="yeo_johnson")
    expected, power = yeojohnson(values)
    assert number(rows, "lambda") == pytest.approx(power)
    assert applied(values, rows) == pytest.approx(expected.tolist())


@pytest.mark.parametrize(
    ("scale", "center", "width"),
    [
        ("standard", 4.0, np.std([0, 1, 2, 3, 14])),
        ("minmax", 0.0, 14.0),
        ("robust", 2.0, 2.0),
        ("none", 0.0, 1.0),
    ],
)
def test_each_way_to_scale(scale, center, width):
    rows, _ = learned([0.0, 1.0, 2.0, 3.0, 14.0], scale=scale, weight=2.0)
    assert number(rows, "center") == center
    assert number(rows, "scale") == pytest.approx(width)
    assert applied([5.0], rows) == pytest.approx([(5 - center) / width * 2])


def test_a_robust_scale_sees_the_spread_of_a_mostly_zero_feature():
    rows, _ = learned([0.0] * 9 + [1000.0], scale="robust")
    assert number(rows, "scale") == pytest.approx(300.0)


@pytest.mark.parametrize("scale", ["standard", "minmax", "robust"])
@pytest.mark.parametrize("values", [[5.0] * 4, [0.1 + 0.2, 0.3, 0.3, 0.3], [5.0]])
def test_a_constant_feature_has_scale_one_and_says_nothing(scale, values):
    rows, _ = learned(values, scale=scale)
    assert number(rows, "scale") == 1.0
    assert number(rows, "is_constant") == 1.0
    assert applied([values[0], 1e9, None], rows) == pytest.approx([0, 0, 0], abs=1e-9)


@pytest.mark.parametrize("values", [[None, None, None], [UNKNOWN, np.inf, -np.inf], []])
def test_a_feature_that_nobody_has_is_zero_and_flagged(values):
    rows, _ = learned(pd.Series(values, dtype="float64"), impute="mean")
    assert number(rows, "fill_value") == 0.0
    assert number(rows, "is_all_null") == 1.0
    assert text(rows, "impute") == "constant"
    assert applied([None, 12.0], rows) == [0.0, 0.0]


def test_a_category_becomes_its_most_frequent_levels():
    sample = pd.DataFrame({"channel": ["b", "a", "b", "a", "c", None, "b", "d"]})
    catalog = pd.DataFrame([CATEGORY | {"weight": 0.5}])
    rows, _ = cleaning.learn(sample, cleaning.read_catalog(catalog))
    levels = rows[rows["record"].eq("level")].set_index("name")
    assert levels["text"].dropna().to_dict() == {"1": "b", "2": "a"}
    assert levels["value"].to_dict() == {"1": 3 / 8, "2": 2 / 8, "other": 3 / 8}
    points = cleaning.apply(pd.DataFrame({"channel": ["a", "zz", None]}), rows)
    assert points.to_dict("list") == {
        "channel_1": [0.0, 0.0, 0.0],
        "channel_2": [0.5, 0.0, 0.0],
        "channel_other": [0.0, 0.5, 0.5],
    }


def test_a_category_whose_levels_all_have_a_slot_has_no_rest():
    sample = pd.DataFrame({"channel": ["a", "b", "a", "b"]})
    rows, _ = cleaning.learn(sample, cleaning.read_catalog(pd.DataFrame([CATEGORY])))
    unseen = cleaning.apply(pd.DataFrame({"channel": ["zz"]}), rows)
    assert unseen.to_dict("list") == {"channel_1": [0.0], "channel_2": [0.0]}


def test_a_frequent_unknown_is_a_level_of_its_own():
    sample = pd.DataFrame({"channel": [None, None, "a"]})
    rows, _ = cleaning.learn(sample, cleaning.read_catalog(pd.DataFrame([CATEGORY])))
    points = cleaning.apply(sample, rows)
    assert points["channel_1"].tolist() == [1.0, 1.0, 0.0]


def test_a_level_that_was_never_seen_is_none_of_the_levels():
    catalog = pd.DataFrame([CATEGORY | {"scale": "standard", "impute": "mode"}])
    sample = pd.DataFrame({"channel": ["a", "a", "b", None]})
    rows, _ = cleaning.learn(sample, cleaning.read_catalog(catalog))
    seen = cleaning.apply(pd.DataFrame({"channel": ["x", None]}), rows)
    spread = np.sqrt(0.75 * 0.25)
    assert seen["channel_1"].tolist() == pytest.approx([-0.75 / spread, 0.25 / spread])


def test_only_clustered_features_become_dimensions():
    catalog = pd.DataFrame([NUMBER, NUMBER | {"feature": "b", "is_clustered": False}])
    sample = pd.DataFrame({"amount": [1.0, 2.0], "b": [1.0, 2.0]})
    rows, _ = cleaning.learn(sample, cleaning.read_catalog(catalog))
    assert cleaning.apply(sample, rows).columns.tolist() == ["amount"]
    assert cleaning.clean_numbers(sample, rows).columns.tolist() == ["amount", "b"]


def by_hand(raw, rows):
    """The order of operations of the contract, one value at a time, in plain Python."""
    absurd_lower, absurd_upper = number(rows, "absurd_lower"), number(rows, "absurd_upper")
    is_unknown = raw is None or raw < absurd_lower or raw > absurd_upper
    value = number(rows, "fill_value") if is_unknown else raw
    lower, upper = number(rows, "lower"), number(rows, "upper")
    if value < lower:
        value = lower
    elif value > upper:
        value = upper
    method, power = text(rows, "transform"), number(rows, "lambda")
    if method == "log1p":
        value = np.log(1 + max(value, 0))
    elif method == "yeo_johnson" and value >= 0:
        value = np.log(value + 1) if power == 0 else ((value + 1) ** power - 1) / power
    elif method == "yeo_johnson":
        value = (
            -np.log(1 - value) if power == 2 else -((1 - value) ** (2 - power) - 1) / (2 - power)
        )
    scaled = (value - number(rows, "center")) / number(rows, "scale")
    return scaled * number(rows, "weight")


@pytest.mark.parametrize("transform", ["none", "log1p", "yeo_johnson"])
@pytest.mark.parametrize("scale", ["standard", "minmax", "robust", "none"])
@pytest.mark.parametrize(
    ("method", "action"), [("none", "none"), ("zscore", "cap"), ("iqr", "cap")]
)
def test_what_is_applied_is_the_arithmetic_of_the_rows(transform, scale, method, action):
    generator = np.random.default_rng(7)
    values = generator.lognormal(1, 1, 200) - 3
    rows, _ = learned(
        values,
        transform=transform,
        scale=scale,
        outlier_method=method,
        outlier_action=action,
        weight=0.7,
    )
    asked = [None, -1e4, -20.0, -2.0, 0.0, 0.5, 33.0, 60.0, 1e5]
    assert applied(asked, rows) == pytest.approx([by_hand(v, rows) for v in asked])


def test_parameters_do_not_depend_on_who_is_scored():
    rows, _ = learned(np.arange(50.0), scale="standard", transform="log1p")
    alone = applied([3.0], rows)
    assert applied([3.0, 1e12, None], rows)[0] == alone[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"impute": "guess"}, "impute must be one of"),
        ({"impute": "constant"}, "needs an impute_constant"),
        ({"outlier_action": "cap"}, "needs an outlier_method"),
        ({"outlier_action": "transform"}, "needs a transform"),
        ({"encode": "onehot"}, "kind numeric is encoded by one of none"),
        (CATEGORY | {"encode_top_count": None}, "onehot needs an encode_top_count"),
        (CATEGORY | {"encode": "target"}, "target needs an encode_target"),
        (
            CATEGORY | {"encode": "target", "encode_target": "money"},
            "encode_target money is no numeric feature",
        ),
        ({"kind": "items", "encode": "entropy"}, "items need an item_kind"),
        (
            {"kind": "items", "encode": "entropy", "item_kind": "step", "impute": "knn"},
            "items are not filled by knn or model",
        ),
        ({"missing_without": "amount"}, "missing_without needs an impute of knn or model"),
        (
            {"impute": "knn", "missing_without": "visits"},
            "missing_without visits is no numeric feature",
        ),
        ({"selection": "maybe"}, "selection must be one of auto, keep"),
        ({"weight": 0}, "weight must be above 0"),
        ({"weight": None}, "weight must be above 0"),
        ({"kind": "category", "impute": "median"}, "imputed by mode or constant"),
        ({"kind": "category", "impute": "mode"}, "needs an encoding"),
        ({"is_clustered": "false"}, "no feature of the catalogue is clustered"),
    ],
)
def test_a_catalogue_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        cleaning.read_catalog(pd.DataFrame([NUMBER | change]))


def test_a_feature_listed_twice_is_refused():
    with pytest.raises(ValueError, match="listed twice: amount"):
        cleaning.read_catalog(pd.DataFrame([NUMBER, NUMBER]))


def test_a_sample_without_a_feature_is_refused():
    treatments = cleaning.read_catalog(pd.DataFrame([NUMBER]))
    with pytest.raises(ValueError, match="lacks these features: amount"):
        cleaning.learn(pd.DataFrame({"other": [1.0]}), treatments)


def audited(values, reference=None, **treatment):
    rows, is_usable = learned(values, **treatment)
    sample = pd.DataFrame({"amount": values})
    quality = cleaning.audit(
        sample, rows, is_usable, empty_artifacts() if reference is None else reference
    )
    return pd.concat([rows, quality], ignore_index=True), quality


def test_the_audit_counts_what_was_unknown_outlying_and_changed():
    values = [UNKNOWN, UNKNOWN, *np.arange(1.0, 101.0), 10_000.0]
    _, quality = audited(values, outlier_method="iqr", outlier_action="cap")
    found = quality.set_index("name")["value"]
    assert found["null_count"] == 2
    assert found["null_share"] == pytest.approx(2 / 103)
    assert found["absurd_count"] == 1
    assert found["outlier_z_count"] == 1
    assert found["outlier_iqr_count"] == 1
    assert found["rows_changed"] == 3
    assert found["rows_excluded"] == 0
    assert found["max_before"] == 10_000
    assert found["max_after"] == 100
    assert found["median_before"] == 51
    assert found["q25_before"] == 26
    assert np.isnan(found["psi"])


def test_the_audit_counts_excluded_rows():
    values = [*np.arange(1.0, 101.0), 10_000.0]
    _, quality = audited(values, outlier_method="zscore", outlier_action="exclude")
    assert quality.set_index("name").loc["rows_excluded", "value"] == 1


def test_the_audit_of_nothing_is_null_and_not_an_error():
    _, quality = audited(pd.Series([], dtype="float64"))
    assert quality.set_index("name").loc["null_share", "value"] == 0
    assert np.isnan(quality.set_index("name").loc["mean_before", "value"])


@pytest.mark.parametrize(
    "values",
    [
        np.arange(1000.0),
        np.where(np.arange(1000) < 700, 0.0, np.arange(1000)),
        np.where(np.arange(1000) < 400, np.nan, np.arange(1000)),
        np.full(1000, 3.0),
        np.full(1000, np.nan),
    ],
    ids=["even", "mostly zero", "often unknown", "constant", "all unknown"],
)
def test_the_same_distribution_has_not_drifted(values):
    before, _ = audited(values)
    _, quality = audited(values, reference=before)
    assert quality.set_index("name").loc["psi", "value"] == pytest.approx(0)


def test_a_moved_distribution_has_drifted():
    generator = np.random.default_rng(3)
    values = generator.normal(0, 1, 2000)
    before, _ = audited(values)
    _, little = audited(generator.normal(0, 1, 2000), reference=before)
    _, much = audited(values + 1, reference=before)
    _, gone = audited(np.where(values > 0, np.nan, values), reference=before)
    assert little.set_index("name").loc["psi", "value"] < 0.02
    assert much.set_index("name").loc["psi", "value"] > 0.5
    assert gone.set_index("name").loc["psi", "value"] > 0.5


def test_a_category_drifts_by_its_levels():
    treatments = cleaning.read_catalog(pd.DataFrame([CATEGORY]))
    sample = pd.DataFrame({"channel": ["a"] * 50 + ["b"] * 30 + ["c"] * 20})
    rows, usable = cleaning.learn(sample, treatments)
    same = cleaning.audit(sample, rows, usable, rows).set_index("name")
    other = sample.replace("a", "c")
    moved = cleaning.audit(other, rows, usable, rows).set_index("name")
    assert same.loc["psi", "value"] == pytest.approx(0)
    assert moved.loc["psi", "value"] > 0.5
    assert same.loc["fill_value", "text"] == "Unknown"


def test_a_shifted_batch_changes_no_parameter_and_no_other_point():
    """Statistics come from the training: what is scored later cannot move them."""
    generator = np.random.default_rng(5)
    names = ["amount", "count", "rate"]
    base = generator.normal(3, 1, (400, 3)) @ np.array([[1, 0.8, 0.1], [0, 1, 0.5], [0, 0, 1]])
    sample = pd.DataFrame(base, columns=names)
    sample = sample.mask(generator.random(sample.shape) < 0.2)
    catalog = pd.DataFrame(
        [
            NUMBER
            | {"feature": name, "impute": impute, "scale": "standard"}
            | {"outlier_method": "zscore", "outlier_action": "cap"}
            for name, impute in zip(names, ["knn", "model", "mean"], strict=True)
        ]
    )
    rows, _ = cleaning.learn(sample, cleaning.read_catalog(catalog))
    before = rows.copy(deep=True)
    shifted = sample.mul(50).add(1e6)
    alone = cleaning.apply(sample, rows)
    together = cleaning.apply(pd.concat([sample, shifted], ignore_index=True), rows)
    pd.testing.assert_frame_equal(rows, before)
    pd.testing.assert_frame_equal(together.head(len(sample)), alone)
    assert together.tail(len(sample)).max().max() < 10  # held by the bounds of the training
