"""What a segment is worth, how surely, and whether it differs from the rest at all."""

import numpy as np
import pandas as pd
from scipy import stats

CERTAINTY = 0.95
# a share is told by successes alone; other numbers have a variance of their own
SHARES = ("retention",)
SMALLEST_EXPECTED = 5.0  # cell of a table below which the exact test is used
DTYPES = {
    "segment_id": "str",
    "kpi": "str",
    "user_count": "Int64",
    "mean": "float64",
    "mean_low": "float64",
    "mean_high": "float64",
    "rest_mean": "float64",
    "difference": "float64",
    "p_value": "float64",
    "p_value_adjusted": "float64",
    "is_different": "bool",
    "interval_method": "str",
    "test_method": "str",
}


def value_segments(outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row per segment and KPI, from sums over its members.

    ``outcomes`` has a row per segment and KPI: ``segment_id``, ``kpi``, ``user_count``,
    ``total`` and ``total_of_squares`` of the members' values, unknown ones left out.

    Intervals cover 95 %: Wilson's for shares (retention), Student's t for means. Each
    segment is held against all others together: Fisher's exact test where a cell of the
    table is expected below 5, else Pearson's chi-squared; for means Welch's t test.
    ``p_value_adjusted`` is Holm's (1979), over all tests there are, so that one of many
    segments is not called different by chance; ``is_different`` is that below 0.05. Where
    there is nobody else, or too few to have a variance, ``p_value`` is nan, and the segment
    differs from nothing.
    """
    ordered = outcomes.sort_values(["kpi", "segment_id"], ignore_index=True)
    rows = []
    for kpi, part in ordered.groupby("kpi"):
        table = part.set_index("segment_id")[["user_count", "total", "total_of_squares"]]
        table = table.astype("float64")
        judge = _share if kpi in SHARES else _mean
        for segment in table.index:
            rest = table.drop(index=segment).sum()
            rows.append({"segment_id": segment, "kpi": kpi, **judge(table.loc[segment], rest)})
    frame = pd.DataFrame(rows, columns=[name for name in DTYPES if name != "is_different"])
    frame["p_value_adjusted"] = _holm(frame["p_value"].to_numpy("float64"))
    frame["is_different"] = frame["p_value_adjusted"] < 1 - CERTAINTY
    return frame[list(DTYPES)].astype(DTYPES)


def _share(own: pd.Series, rest: pd.Series) -> dict:
    count, hits = int(own["user_count"]), int(own["total"])
    low = high = np.nan
    if count:
        interval = stats.binomtest(hits, count).proportion_ci(CERTAINTY, method="wilson")
        low, high = interval.low, interval.high
    others, other_hits = int(rest["user_count"]), int(rest["total"])
    table = np.array([[hits, count - hits], [other_hits, others - other_hits]])
    p_value, method = np.nan, "none"
    if count and others:
        expected = stats.contingency.expected_freq(table)
        if expected.min() < SMALLEST_EXPECTED:
            p_value, method = stats.fisher_exact(table).pvalue, "fisher_exact"
        else:
            p_value, method = stats.chi2_contingency(table, correction=False).pvalue, "chi_squared"
    return _row(own, rest, low, high, p_value, "wilson", method)


def _mean(own: pd.Series, rest: pd.Series) -> dict:
    mean, spread, count = _moments(own)
    low = high = p_value = np.nan
    if count >= 2:
        half = stats.t.ppf((1 + CERTAINTY) / 2, count - 1) * spread / np.sqrt(count)
        low, high = mean - half, mean + half
    other_mean, other_spread, others = _moments(rest)
    if count >= 2 and others >= 2:
        if spread == 0 and other_spread == 0:
            # all members are alike, and so are all others: no chance is left
            p_value = float(mean == other_mean)
        else:
            p_value = stats.ttest_ind_from_stats(
                mean, spread, count, other_mean, other_spread, others, equal_var=False
            ).pvalue
    method = "none" if np.isnan(p_value) else "welch_t"
    return _row(own, rest, low, high, p_value, "student_t", method)


def _moments(sums: pd.Series) -> tuple[float, float, int]:
    """Mean, sample standard deviation and count; nan where they are not defined."""
    count = int(sums["user_count"])
    mean = sums["total"] / count if count else np.nan
    if count < 2:
        return mean, np.nan, count
    variance = (sums["total_of_squares"] - count * mean**2) / (count - 1)
    # rounding must not turn equal values into a spread
    noise = 1e-12 * sums["total_of_squares"]
    return mean, float(np.sqrt(variance)) if variance > noise else 0.0, count


def _row(own, rest, low, high, p_value, interval_method, test_method) -> dict:
    mean = own["total"] / own["user_count"] if own["user_count"] else np.nan
    rest_mean = rest["total"] / rest["user_count"] if rest["user_count"] else np.nan
    return {
        "user_count": int(own["user_count"]),
        "mean": mean,
        "mean_low": low,
        "mean_high": high,
        "rest_mean": rest_mean,
        "difference": mean - rest_mean,
        "p_value": p_value,
        "interval_method": interval_method,
        "test_method": test_method,
    }


def _holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment; nan stays nan and counts for nothing."""
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return adjusted
