"""A segment's value comes with an interval, and is called different only beyond chance."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kindred.segmentation.valuing import DTYPES, value_segments


def outcomes(values, kpi="revenue"):
    """Sums of values by segment."""
    return pd.DataFrame(
        [
            {
                "segment_id": segment,
                "kpi": kpi,
                "user_count": len(own),
                "total": float(np.sum(own)),
                "total_of_squares": float(np.sum(np.square(own))),
            }
            for segment, own in values.items()
        ]
    )


def test_means_have_the_interval_and_the_test_that_scipy_gives_the_users():
    chance = np.random.default_rng(0)
    values = {
        name: chance.gamma(shape, 20, 80) for name, shape in zip("abc", (1, 2, 2.2), strict=True)
    }
    found = value_segments(outcomes(values)).set_index("segment_id")
    for name, own in values.items():
        rest = np.concatenate([other for key, other in values.items() if key != name])
        interval = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
        assert found.loc[name, ["mean_low", "mean_high"]].tolist() == pytest.approx(interval)
        expected = stats.ttest_ind(own, rest, equal_var=False).pvalue
        assert found.loc[name, "p_value"] == pytest.approx(expected)
        assert found.loc[name, "difference"] == pytest.approx(own.mean() - rest.mean())


def test_shares_have_wilsons_interval_and_are_tested_as_a_table():
    values = {"a": [1] * 15 + [0] * 5, "b": [1] * 30 + [0] * 70}
    found = value_segments(outcomes(values, "retention")).set_index("segment_id")
    assert found.loc["a", ["mean_low", "mean_high"]].tolist() == pytest.approx(
        [0.531299, 0.888138], abs=1e-6
    )
    table = [[15, 5], [30, 70]]
    assert found.loc["a", "p_value"] == stats.chi2_contingency(table, correction=False).pvalue
    few = value_segments(outcomes({"a": [1, 1, 0], "b": [1] + [0] * 9}, "retention"))
    assert set(few["test_method"]) == {"fisher_exact"}


def test_p_values_are_adjusted_for_all_that_is_compared():
    frames = [
        outcomes({"a": [1.0, 2, 3], "b": [2.0, 3, 5], "c": [9.0, 9, 8]}, kpi)
        for kpi in ("revenue", "satisfaction")
    ]
    found = value_segments(pd.concat(frames)).sort_values("p_value")
    raw, adjusted = found["p_value"].to_numpy(), found["p_value_adjusted"].to_numpy()
    assert adjusted[0] == pytest.approx(raw[0] * 6)
    assert (np.diff(adjusted) >= 0).all() and (adjusted <= 1).all()


def test_segments_drawn_by_chance_are_seldom_called_different():
    chance = np.random.default_rng(4)
    runs, false_alarms = 200, 0
    for _ in range(runs):
        values = {f"s{n}": chance.normal(10, 3, 60) for n in range(8)}
        false_alarms += value_segments(outcomes(values))["is_different"].any()
    # 5 % of runs at most are expected; unadjusted it would be a third
    assert false_alarms / runs < 0.10


def test_a_real_difference_is_found():
    chance = np.random.default_rng(4)
    values = {"a": chance.normal(13, 3, 60)} | {f"s{n}": chance.normal(10, 3, 60) for n in range(5)}
    found = value_segments(outcomes(values)).set_index("segment_id")["is_different"]
    assert found["a"]


def test_one_segment_differs_from_nothing():
    found = value_segments(
        pd.concat([outcomes({"a": [1.0, 2.0]}), outcomes({"a": [1, 0]}, "retention")])
    )
    assert found["p_value"].isna().all() and not found["is_different"].any()
    assert set(found["test_method"]) == {"none"}
    assert found["mean"].notna().all()


@pytest.mark.parametrize("kpi", ["revenue", "retention", "satisfaction"])
def test_a_segment_without_known_values_is_no_crash(kpi):
    found = value_segments(outcomes({"a": [1.0, 0.0, 1.0], "b": [], "c": [1.0]}, kpi))
    nobody = found.set_index("segment_id").loc["b"]
    assert nobody["user_count"] == 0 and np.isnan(nobody["mean"]) and not nobody["is_different"]


def test_equal_values_leave_nothing_to_chance():
    same = value_segments(outcomes({"a": [7.1] * 9, "b": [7.1] * 9}))
    assert not same["is_different"].any()
    other = value_segments(outcomes({"a": [7.1] * 9, "b": [7.2] * 9}))
    assert other["is_different"].all()


def test_no_outcomes_are_no_rows_of_the_same_types():
    empty = value_segments(outcomes({"a": [1.0]}).head(0))
    assert len(empty) == 0
    assert {name: str(kind) for name, kind in empty.dtypes.items()} == DTYPES
