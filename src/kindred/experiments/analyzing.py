"""Judge experiments by the sums of their arms. Frames in, frames out; tea-tasting infers.

SQL hands over exact sums per experiment, metric, slice and arm, so the size of an experiment
does not matter here, and neither the order in which anything was summed.

* Lift: Welch's t-test of means, with the days before the exposure as covariate (CUPED: Deng,
  Xu, Kohavi and Walker 2013); relative intervals by the delta method on the log of the ratio.
* Sample ratio: chi-square test of the users in each arm against the weights.
* Many comparisons: Holm's procedure over all metrics, arms and slices of one kind in one
  experiment, which holds whatever their dependence.
* Peeking: the tests are for one look. Before its planned end no result is valid.
"""

from fractions import Fraction
from typing import NamedTuple

import pandas as pd
import tea_tasting as tt
from scipy.stats import chisquare
from tea_tasting.aggr import Aggregates
from tea_tasting.experiment import ExperimentResult

CONFIDENCE_LEVEL = 0.95
ALPHA = 1 - CONFIDENCE_LEVEL
POWER = 0.8
# a mismatch is told only when chance would make one in a thousand sound experiments show it
SAMPLE_RATIO_ALPHA = 0.001

TEXTS = ("experiment_id", "metric", "slice_kind", "slice_id", "arm", "method", "verdict")
COUNTS = ("user_count", "excluded_count")
NUMBERS = (
    "mean",
    "variance",
    "lift_absolute",
    "ci_low",
    "ci_high",
    "lift_relative",
    "relative_ci_low",
    "relative_ci_high",
    "p_value",
    "p_value_adjusted",
    "variance_reduction",
    "minimum_detectable_effect",
    "power",
    "sample_ratio_p_value",
)
COLUMNS = {
    **dict.fromkeys(TEXTS, "str"),
    **dict.fromkeys(COUNTS, "int64"),
    **dict.fromkeys(NUMBERS, "float64"),
    "is_control": "bool",
    "is_valid": "bool",
    "invalid_reason": "str",
}
_SUMS = ("value_sum", "value_square_sum", "pre_sum", "pre_square_sum", "product_sum")


class Arm(NamedTuple):
    """What is known of one arm in one slice: users, and exact sums over them."""

    user_count: int
    excluded_count: int = 0
    value_sum: Fraction = Fraction(0)
    value_square_sum: Fraction = Fraction(0)
    pre_sum: Fraction = Fraction(0)
    pre_square_sum: Fraction = Fraction(0)
    product_sum: Fraction = Fraction(0)

    def aggregates(self) -> Aggregates:
        """Count, means, variances and covariance of ``value`` and ``pre``; needs 2 users."""
        count = self.user_count

        def spread(product, left, right):
            return float((product - left * right / count) / (count - 1))

        return Aggregates(
            count_=count,
            mean_={"value": float(self.value_sum / count), "pre": float(self.pre_sum / count)},
            var_={
                "value": spread(self.value_square_sum, self.value_sum, self.value_sum),
                "pre": spread(self.pre_square_sum, self.pre_sum, self.pre_sum),
            },
            cov_={("value", "pre"): spread(self.product_sum, self.value_sum, self.pre_sum)},
        )


def analyze_experiments(
    sums: pd.DataFrame,
    experiments: pd.DataFrame,
    arms: pd.DataFrame,
    metrics: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Return one row per experiment, metric, slice and arm, the control among them.

    ``sums`` has one row per experiment_id, metric, slice_kind, slice_id and arm with
    user_count, excluded_count and the sums of values, their squares, what was before, its
    squares and the products, as texts or exact numbers. The other frames are the seeds
    ``experiments``, ``experiment_arms`` and ``experiment_metrics``.

    Lifts compare an arm with the control; relative ones and ``minimum_detectable_effect``
    (found with a chance of 0.8) are shares of the control's mean. ``power`` is the chance
    of finding the seed's minimum_effect. What cannot be computed is null and said in
    ``invalid_reason``.
    """
    results = [
        row
        for experiment in experiments.sort_values("experiment_id").to_dict("records")
        for row in _of_experiment(
            experiment,
            sums[sums["experiment_id"] == experiment["experiment_id"]],
            arms[arms["experiment_id"] == experiment["experiment_id"]],
            metrics[metrics["experiment_id"] == experiment["experiment_id"]],
            as_of,
        )
    ]
    return pd.DataFrame(results, columns=list(COLUMNS)).astype(COLUMNS)


def _of_experiment(experiment, sums, arms, metrics, as_of):
    if sums.empty:
        return []
    weights = {
        arm: Fraction(str(weight))
        for arm, weight in sorted(zip(arms["arm"], arms["weight"], strict=True))
    }
    control = arms["arm"][arms["is_control"].astype(bool)].iloc[0]
    plan = metrics.set_index("metric")
    told = {
        (row["slice_kind"], row["slice_id"], row["metric"], row["arm"]): Arm(
            *(int(row[name]) for name in COUNTS), *(Fraction(str(row[name])) for name in _SUMS)
        )
        for row in sums.to_dict("records")
    }
    slices = sorted({key[:2] for key in told})
    whole = _sample_ratio(_counts(told, ("all", "all"), weights), weights)
    running = _running(experiment, as_of)

    rows, tests = [], {}
    for one_slice in slices:
        ratio = _sample_ratio(_counts(told, one_slice, weights), weights)
        for metric in sorted({key[2] for key in told if key[:2] == one_slice}):
            of_arms = {arm: told.get((*one_slice, metric, arm), Arm(0)) for arm in weights}
            for arm, numbers in of_arms.items():
                row = _described(numbers) | {
                    "experiment_id": experiment["experiment_id"],
                    "slice_kind": one_slice[0],
                    "slice_id": one_slice[1],
                    "metric": metric,
                    "arm": arm,
                    "is_control": arm == control,
                    "sample_ratio_p_value": ratio,
                }
                problems = [*_mismatches(whole, ratio), *running]
                if arm != control:
                    lift, problem = compare(of_arms[control], numbers)
                    row |= lift
                    problems = [*problem, *problems]
                    if not problem:
                        smallest = float(plan.loc[metric, "minimum_effect"])
                        row |= foresee(of_arms[control], numbers, smallest)
                        tests.setdefault(one_slice[0], {})[one_slice[1], metric, arm] = row
                row["is_valid"] = not problems
                row["invalid_reason"] = "; ".join(problems) or None
                rows.append(row)
    for family in tests.values():
        _adjust(family)
    for row in rows:
        row["verdict"] = _verdict(row, plan.loc[row["metric"], "direction"])
    return rows


def compare(control: Arm, treatment: Arm) -> tuple[dict, list[str]]:
    """Return the lift of an arm over the control by column, and what prevents a test."""
    fewest = min(control.user_count, treatment.user_count)
    if fewest < 2:
        return {}, [f"an arm has {fewest} users, and variation needs 2"]
    before, after = control.aggregates(), treatment.aggregates()
    if before.var("value") + after.var("value") == 0:
        return {}, ["all users of both arms have the same value"]
    has_covariate = before.var("pre") + after.var("pre") > 0
    plain = _mean(None).analyze_aggregates(before, after)
    found = _mean("pre").analyze_aggregates(before, after) if has_covariate else plain
    lift = {
        "method": "welch with cuped" if has_covariate else "welch",
        "lift_absolute": found.effect_size,
        "ci_low": found.effect_size_ci_lower,
        "ci_high": found.effect_size_ci_upper,
        "p_value": found.pvalue,
        "variance_reduction": 1 - (_width(found) / _width(plain)) ** 2,
    }
    # a share of nothing, or of a loss, says nothing
    if before.mean("value") > 0 and found.control > 0 and found.treatment > 0:
        lift |= {
            "lift_relative": found.rel_effect_size,
            "relative_ci_low": found.rel_effect_size_ci_lower,
            "relative_ci_high": found.rel_effect_size_ci_upper,
        }
    return lift, []


def foresee(control: Arm, treatment: Arm, minimum_effect: float) -> dict:
    """Return what users this many can find: minimum_detectable_effect and power, by column.

    Both from the control's mean and variance, which the arm has not touched;
    ``minimum_effect`` is a share of the control's mean.
    """
    data = control.aggregates()
    if data.mean("value") <= 0 or data.var("value") == 0:
        return {}
    metric = _mean(
        "pre" if data.var("pre") > 0 else None,
        rel_effect_size=minimum_effect,
        ratio=treatment.user_count / control.user_count,
        n_obs=control.user_count + treatment.user_count,
    )
    found = {}
    for column, parameter in (
        ("minimum_detectable_effect", "rel_effect_size"),
        ("power", "power"),
    ):
        try:
            solved = metric.solve_power_from_aggregates(data, parameter)[0]
        except (ValueError, ZeroDivisionError):
            # of a handful of users no effect is large enough for the distribution to be
            # computed, and nothing varies where the pre-period tells all
            found[column] = None
        else:
            found[column] = getattr(solved, parameter)
    return found


def _mean(covariate, **options):
    return tt.Mean(
        "value",
        covariate,
        alternative="two-sided",
        confidence_level=CONFIDENCE_LEVEL,
        equal_var=False,
        use_t=True,
        alpha=ALPHA,
        power=POWER,
        **options,
    )


def _width(result):
    return result.effect_size_ci_upper - result.effect_size_ci_lower


def _described(arm):
    row = {"user_count": arm.user_count, "excluded_count": arm.excluded_count}
    if arm.user_count >= 1:
        row["mean"] = float(arm.value_sum / arm.user_count)
    if arm.user_count >= 2:
        row["variance"] = arm.aggregates().var("value")
    return row


def _counts(told, one_slice, weights):
    metric = min(key[2] for key in told if key[:2] == one_slice)
    return [told.get((*one_slice, metric, arm), Arm(0)).user_count for arm in weights]


def _sample_ratio(counts, weights):
    """p-value of the chi-square test of users per arm; None without users."""
    total = sum(counts)
    if not total:
        return None
    return float(chisquare(counts, [float(total * weight) for weight in weights.values()]).pvalue)


def _mismatches(whole, ratio):
    if whole is not None and whole < SAMPLE_RATIO_ALPHA:
        return [f"sample ratio mismatch, p = {whole:.2g}: the arms hold other shares than drawn"]
    if ratio is not None and ratio < SAMPLE_RATIO_ALPHA:
        return [f"sample ratio mismatch in this slice, p = {ratio:.2g}"]
    return []


def _running(experiment, as_of):
    """Why an experiment that has not come to its planned end proves nothing yet."""
    starts_at, ends_at = pd.Timestamp(experiment["starts_at"]), pd.Timestamp(experiment["ends_at"])
    as_of = pd.Timestamp(as_of)
    if as_of >= ends_at:
        return []
    day = pd.Timedelta(days=1)
    return [
        f"runs until {ends_at:%Y-%m-%d %H:%M}: {(as_of - starts_at) / day:.1f} of"
        f" {(ends_at - starts_at) / day:.1f} days are over; a look before the end proves nothing"
    ]


def _adjust(family):
    """Write Holm's adjusted p-value into the rows of one family of tests."""
    results = {
        key: ExperimentResult({"value": {"pvalue": row["p_value"]}})
        for key, row in family.items()
        if row["p_value"] is not None
    }
    if not results:
        return
    adjusted = tt.adjust_fwer(results, alpha=ALPHA, arbitrary_dependence=True, method="bonferroni")
    for key, result in adjusted.items():
        # of a step-down procedure the first may come out above 1
        family[key]["p_value_adjusted"] = min(float(result["value"]["pvalue_adj"]), 1.0)


def _verdict(row, direction):
    if row["is_control"] or not row["is_valid"]:
        return None
    if row["p_value_adjusted"] >= ALPHA:
        return "no difference found"
    return "better" if (row["lift_absolute"] > 0) == (direction == "up") else "worse"
