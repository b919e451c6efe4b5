"""The statistics of experiments against closed forms, another library and simulation."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kindred.experiments.analyzing import Arm, analyze_experiments, compare, foresee

# 400 and 360 users whose values follow from what was before, as exact sums
CONTROL = Arm(400, 0, *map(Fraction, (27_661, 2_439_127, 5_916, 119_640, 537_088)))
TREATMENT = Arm(360, 0, *map(Fraction, (27_241, 2_538_041, 5_385, 109_347, 522_216)))
ENDS_AT = pd.Timestamp("2026-02-01")


def without_before(arm):
    return arm._replace(pre_sum=Fraction(0), pre_square_sum=Fraction(0), product_sum=Fraction(0))


def moments(count, mean, variance):
    """An arm of a given mean and variance, exactly."""
    mean, variance = Fraction(mean), Fraction(variance)
    return Arm(count, 0, count * mean, (count - 1) * variance + count * mean**2)


def arms_of(values, before):
    """One arm per row of drawn numbers, whatever their kind."""
    sums = [values, values**2, before, before**2, values * before]
    totals = np.stack([part.sum(axis=1) for part in sums], axis=1)
    return [Arm(values.shape[1], 0, *map(Fraction, row)) for row in totals.tolist()]


def experiment(
    counts,
    weights=("0.5", "0.5"),
    as_of=ENDS_AT,
    metrics=("revenue",),
    slices=(),
    direction="up",
    lift=0.0,
):
    """Results of an experiment whose arms a, b ... hold so many users of random values."""
    rng = np.random.default_rng(5)
    sums = []
    for one_slice in [("all", "all"), *slices]:
        for metric in metrics:
            for arm, count in zip("abc", counts, strict=False):
                before = rng.normal(5, 1, count).round(3)
                values = (before + rng.normal(lift if arm != "a" else 0, 1, count)).round(3)
                (numbers,) = arms_of(values[None], before[None])
                sums.append(
                    {"experiment_id": "e", "metric": metric, "arm": arm}
                    | dict(zip(("slice_kind", "slice_id"), one_slice, strict=True))
                    | {name: str(value) for name, value in numbers._asdict().items()}
                )
    return analyze_experiments(
        pd.DataFrame(sums),
        pd.DataFrame(
            [{"experiment_id": "e", "starts_at": pd.Timestamp("2026-01-01"), "ends_at": ENDS_AT}]
        ),
        pd.DataFrame(
            {"experiment_id": "e", "arm": arm, "weight": weight, "is_control": arm == "a"}
            for arm, weight in zip("abc", weights, strict=False)
        ),
        pd.DataFrame(
            {"experiment_id": "e", "metric": metric, "direction": direction, "minimum_effect": 0.05}
            for metric in metrics
        ),
        as_of=as_of,
    )


def test_the_lift_is_what_another_library_finds():
    """The digits are those of gbstats 0.8.0 for the same sums."""
    found, problems = compare(without_before(CONTROL), without_before(TREATMENT))
    assert problems == []
    assert found["method"] == "welch"
    assert found["lift_absolute"] == pytest.approx(6.516944444444448, rel=1e-9)
    assert found["ci_low"] == pytest.approx(1.3280481980946295, rel=1e-9)
    assert found["ci_high"] == pytest.approx(11.705840690794266, rel=1e-9)
    assert found["p_value"] == pytest.approx(0.013902186863357535, rel=1e-9)


def test_the_lift_with_what_was_before_is_what_another_library_finds():
    """The digits are those of gbstats 0.8.0 with the coefficient 3.986041178069144."""
    found, _ = compare(CONTROL, TREATMENT)
    assert found["method"] == "welch with cuped"
    assert found["lift_absolute"] == pytest.approx(5.845960846136137, rel=1e-9)
    assert found["ci_low"] == pytest.approx(4.852245706617122, rel=1e-9)
    assert found["ci_high"] == pytest.approx(6.839675985655152, rel=1e-9)


@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        ((1_000, "10", "4"), (1_200, "10.29", "9")),
        ((50, "0.1", "0.0918"), (60, "0.25", "0.19")),
        ((200_000, "37.5", "1600"), (199_000, "37.6", "1650")),
    ],
)
def test_the_lift_is_the_closed_form_of_welch(control, treatment):
    found, _ = compare(moments(*control), moments(*treatment))
    (n0, m0, v0), (n1, m1, v1) = [(c, float(m), float(v)) for c, m, v in (control, treatment)]
    error = (v0 / n0 + v1 / n1) ** 0.5
    freedom = error**4 / ((v0 / n0) ** 2 / (n0 - 1) + (v1 / n1) ** 2 / (n1 - 1))
    reach = stats.t.ppf(0.975, freedom) * error
    assert found["lift_absolute"] == pytest.approx(m1 - m0, rel=1e-9)
    assert found["ci_low"] == pytest.approx(m1 - m0 - reach, rel=1e-9)
    assert found["ci_high"] == pytest.approx(m1 - m0 + reach, rel=1e-9)
    p_value = stats.ttest_ind_from_stats(m1, v1**0.5, n1, m0, v0**0.5, n0, equal_var=False).pvalue
    assert found["p_value"] == pytest.approx(p_value, rel=1e-9)
    # the log of the ratio of means, by the delta method
    error = (v0 / n0 / m0**2 + v1 / n1 / m1**2) ** 0.5
    freedom = error**4 / ((v0 / n0 / m0**2) ** 2 / (n0 - 1) + (v1 / n1 / m1**2) ** 2 / (n1 - 1))
    reach = np.exp(stats.t.ppf(0.975, freedom) * error)
    assert found["lift_relative"] == pytest.approx(m1 / m0 - 1, rel=1e-9)
    assert found["relative_ci_low"] == pytest.approx(m1 / m0 / reach - 1, rel=1e-9)
    assert found["relative_ci_high"] == pytest.approx(m1 / m0 * reach - 1, rel=1e-9)


def test_the_smallest_effect_is_the_one_that_is_found_four_times_in_five():
    control, treatment = moments(3_000, "5", "6"), moments(3_000, "5.1", "6")
    found = foresee(control, treatment, minimum_effect=0.03)

    def power(effect):
        error, freedom = (6 / 3_000 * 2) ** 0.5, 2 * 2_999
        edge = stats.t.ppf(0.975, freedom)
        shifted = stats.nct(freedom, effect / error)
        return shifted.sf(edge) + shifted.cdf(-edge)

    assert power(5 * found["minimum_detectable_effect"]) == pytest.approx(0.8, abs=1e-4)
    assert found["power"] == pytest.approx(power(5 * 0.03), rel=1e-4)


def test_intervals_cover_a_known_lift_nineteen_times_in_twenty():
    """2,000 tests of conversion from 0.3 to 0.36, by what the same users did before."""
    rng = np.random.default_rng(20_260_101)
    before = rng.poisson(1.0, (2, 2_000, 400))
    # who did more before converts more, on average 0.3 and 0.36
    rate = np.array([0.2, 0.24])[:, None, None] * (0.5 + before)
    values = (rng.random(before.shape) < rate).astype(float)
    truth = float(rate[1].clip(max=1).mean() - rate[0].clip(max=1).mean())
    pairs = zip(arms_of(values[0], before[0]), arms_of(values[1], before[1]), strict=True)
    found = [compare(*pair)[0] for pair in pairs]
    covers = np.mean([one["ci_low"] <= truth <= one["ci_high"] for one in found])
    assert 0.93 <= covers <= 0.97
    assert all(one["method"] == "welch with cuped" for one in found)


def test_no_effect_is_found_five_times_in_a_hundred():
    """2,000 tests of skewed revenue, most of it nought, without any effect."""
    rng = np.random.default_rng(20_260_102)
    size = (2, 2_000, 400)
    values = np.where(rng.random(size) < 0.4, rng.lognormal(3, 1, size), 0).round(2)
    nothing = np.zeros(size[1:])
    pairs = zip(arms_of(values[0], nothing), arms_of(values[1], nothing), strict=True)
    alarms = np.mean([compare(*pair)[0]["p_value"] < 0.05 for pair in pairs])
    assert 0.035 <= alarms <= 0.065


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_what_was_before_takes_the_square_of_its_correlation_off_the_variance(correlation):
    rng = np.random.default_rng(3)
    before = rng.standard_normal((2, 50_000))
    noise = rng.standard_normal((2, 50_000))
    values = correlation * before + (1 - correlation**2) ** 0.5 * noise
    arms = arms_of(values, before)
    found, _ = compare(*arms)
    seen = np.corrcoef(values.ravel(), before.ravel())[0, 1]
    assert found["variance_reduction"] == pytest.approx(seen**2, abs=1e-4)
    assert found["variance_reduction"] == pytest.approx(correlation**2, abs=0.01)


def test_a_planted_sample_ratio_mismatch_makes_everything_invalid():
    results = experiment((5_300, 4_700), slices=[("segment", "s1")])
    p_value = stats.binomtest(5_300, 10_000).pvalue
    assert results["sample_ratio_p_value"].unique() == pytest.approx([p_value], rel=0.05)
    assert not results["is_valid"].any()
    assert results["invalid_reason"].str.contains("sample ratio mismatch, p = 2e-09").all()
    assert results["verdict"].isna().all()


def test_unequal_weights_are_no_mismatch():
    results = experiment((9_010, 990), weights=("0.9", "0.1"))
    assert results["is_valid"].all()
    assert results["sample_ratio_p_value"].min() == pytest.approx(
        stats.chisquare([9_010, 990], [9_000, 1_000]).pvalue, rel=1e-9
    )


def test_a_result_is_not_valid_until_the_planned_end():
    early = experiment((900, 900), as_of=ENDS_AT - pd.Timedelta("1us"))
    assert not early["is_valid"].any()
    assert early["invalid_reason"].unique().tolist() == [
        "runs until 2026-02-01 00:00: 31.0 of 31.0 days are over; a look before the end proves"
        " nothing"
    ]
    assert early["verdict"].isna().all()
    assert experiment((900, 900), as_of=ENDS_AT)["is_valid"].all()


def test_many_comparisons_are_corrected_as_holm_says():
    slices = [("segment", f"s{number}") for number in range(4)]
    results = experiment(
        (800, 800, 800), ("0.4", "0.3", "0.3"), metrics=("conversion", "revenue"), slices=slices
    )
    # the shares are those of nobody; what is corrected are the tests that could be made
    for kind, count in (("all", 4), ("segment", 16)):
        family = results[(results["slice_kind"] == kind) & ~results["is_control"]]
        assert len(family) == count
        ordered = family.sort_values("p_value")
        steps = ordered["p_value"] * (count - np.arange(count))
        expected = steps.cummax().clip(upper=1)
        assert ordered["p_value_adjusted"].tolist() == pytest.approx(expected.tolist(), rel=1e-9)


@pytest.mark.parametrize(
    ("lift", "direction", "verdict"),
    [
        (0.3, "up", "better"),
        (0.3, "down", "worse"),
        (-0.3, "up", "worse"),
        (-0.3, "down", "better"),
        (0.0, "up", "no difference found"),
    ],
)
def test_the_verdict_goes_by_the_direction_of_the_metric(lift, direction, verdict):
    results = experiment((2_000, 2_000), lift=lift, direction=direction)
    assert results["verdict"].dropna().tolist() == [verdict]


def test_an_arm_that_nobody_saw_is_told_and_not_tested():
    results = experiment((1_000, 0))
    treatment = results[~results["is_control"]].iloc[0]
    assert treatment["invalid_reason"].startswith("an arm has 0 users, and variation needs 2;")
    assert treatment[["lift_absolute", "p_value", "p_value_adjusted"]].isna().all()


def test_values_that_never_vary_are_told_and_not_tested():
    nothing = Arm(100)
    assert compare(nothing, nothing) == ({}, ["all users of both arms have the same value"])


def test_no_share_is_told_of_nothing():
    found, _ = compare(Arm(100), moments(100, "1", "1"))
    assert found["lift_absolute"] == pytest.approx(1)
    assert "lift_relative" not in found
    assert foresee(Arm(100), moments(100, "1", "1"), 0.05) == {}


def test_an_experiment_that_nobody_saw_has_no_rows_but_its_columns():
    empty = experiment((0, 0)).iloc[:0]
    found = analyze_experiments(
        pd.DataFrame(columns=["experiment_id"]),
        pd.DataFrame([{"experiment_id": "e"}]),
        pd.DataFrame(columns=["experiment_id"]),
        pd.DataFrame(columns=["experiment_id"]),
        as_of=ENDS_AT,
    )
    pd.testing.assert_frame_equal(found, empty)


def test_what_could_be_found_is_left_open_where_the_pre_period_tells_all():
    told = arms_of(np.array([[0.0, 1.0, 3.0]]), np.array([[0.0, 1.0, 3.0]]))[0]
    found = foresee(told, told, 0.05)
    assert found.keys() == {"minimum_detectable_effect", "power"}
    assert all(pd.isna(value) for value in found.values())


def test_what_a_handful_of_users_could_find_is_left_open():
    few = moments(2, "1/2", "1/4")
    found = foresee(few, few, 0.05)
    assert found["minimum_detectable_effect"] is None
    assert 0.05 < found["power"] < 0.06
