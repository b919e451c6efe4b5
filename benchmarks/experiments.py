"""Are intervals and alarms of experiments what they say, and what do ten million users cost?

Usage: experiments.py [--tests 2000] [--users 10000000]

Prints markdown. All but the seconds are the same on every machine.
"""

import argparse
import time
from fractions import Fraction

import duckdb
import numpy as np
from scipy.stats import binomtest

from kindred.experiments.analyzing import SAMPLE_RATIO_ALPHA, Arm, compare

SEED, SIZE, LOOKS = 20_260_101, 400, 14


def arms_of(values: np.ndarray, before: np.ndarray) -> list[Arm]:
    """One arm per row of values, with exact sums."""
    parts = [values, values**2, before, before**2, values * before]
    totals = np.stack([part.sum(axis=1) for part in parts], axis=1)
    return [Arm(values.shape[1], 0, *map(Fraction, row)) for row in totals.tolist()]


def conversion(rng, tests, effect):
    """Conversion that follows what was done before; a lift of the rate by a share."""
    before = rng.poisson(1.0, (2, tests, SIZE))
    rate = np.clip(np.array([0.2, 0.2 * (1 + effect)])[:, None, None] * (0.5 + before), 0, 1)
    values = (rng.random(before.shape) < rate).astype(float)
    return values, before, float(rate[1].mean() - rate[0].mean())


def revenue(rng, tests, effect):
    """Skewed revenue, nought for most, that follows what was spent before."""
    taste = rng.lognormal(0, 0.5, (2, tests, SIZE))
    spends = rng.random((2, tests, SIZE)) < 0.4
    before = (taste * rng.lognormal(3, 0.5, taste.shape)).round(2)
    values = (taste * rng.lognormal(3, 0.5, taste.shape)).round(2) * spends
    values[1] = (values[1] * (1 + effect)).round(2)
    # the mean of both log-normals times the share that spends
    truth = 0.4 * np.exp(0.5**2 / 2) * np.exp(3 + 0.5**2 / 2) * effect
    return values, before, truth


def covered(draw, tests, effect, with_before):
    """Share of intervals that hold the true lift, and of p-values below 0.05."""
    rng = np.random.default_rng(SEED)
    values, before, truth = draw(rng, tests, effect)
    if not with_before:
        before = np.zeros_like(before)
    pairs = zip(arms_of(values[0], before[0]), arms_of(values[1], before[1]), strict=True)
    found = [compare(*pair)[0] for pair in pairs]
    return (
        np.mean([one["ci_low"] <= truth <= one["ci_high"] for one in found]),
        np.mean([one["p_value"] < 0.05 for one in found]),
        np.mean([one["variance_reduction"] for one in found]),
    )


def peeked(tests):
    """Share of experiments without effect that show one at some of the looks, and at the last."""
    rng = np.random.default_rng(SEED)
    values, before, _ = conversion(rng, tests, 0.0)
    nothing = np.zeros_like(before[0])
    alarms = np.zeros((tests, LOOKS), dtype=bool)
    for look in range(LOOKS):
        users = SIZE * (look + 1) // LOOKS
        arms = [arms_of(part[:, :users], nothing[:, :users]) for part in values]
        for number, pair in enumerate(zip(*arms, strict=True)):
            alarms[number, look] = compare(*pair)[0].get("p_value", 1) < 0.05
    return alarms.any(axis=1).mean(), alarms[:, -1].mean()


def mismatches(tests, share):
    """Share of experiments of 10,000 users whose sample ratio is found wanting."""
    counts = np.random.default_rng(SEED).binomial(10_000, share, tests)
    return np.mean([binomtest(int(n), 10_000).pvalue < SAMPLE_RATIO_ALPHA for n in counts])


def at_size(users):
    """Seconds to draw so many users and to sum them by segment, in SQL."""
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '4GB'; set threads = 2")
        connection.execute(
            "create table users as select md5(cast(range as varchar)) as user_id,"
            " range % 7 as segment_id, cast(range % 1000 as decimal(18, 4)) / 10 as revenue,"
            f" cast(range * 7 % 1000 as decimal(18, 4)) / 10 as pre_revenue from range({users})"
        )
        began = time.perf_counter()
        connection.execute(
            "create table drawn as select *, mod(cast(cast('0x' ||"
            " left(md5('experiment|' || user_id), 16) as ubigint) // 2 as bigint), 1000000)"
            " < 500000 as is_treated from users"
        )
        drew = time.perf_counter()
        connection.execute(
            "create table sums as select segment_id, is_treated, count(*), sum(revenue),"
            " sum(revenue * revenue), sum(pre_revenue), sum(pre_revenue * pre_revenue),"
            " sum(revenue * pre_revenue) from drawn group by all"
        )
        return drew - began, time.perf_counter() - drew


def main() -> None:
    """Print what was asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tests", type=int, default=2_000)
    parser.add_argument("--users", type=int, default=10_000_000)
    options = parser.parse_args()
    tests = options.tests
    print(f"{tests:,} simulated tests of {SIZE} users an arm, seed {SEED}\n")
    print("| metric | lift | before used | intervals that cover | p < 0.05 | variance taken away |")
    print("|---|---|---|---|---|---|")
    for draw in (conversion, revenue):
        for effect in (0.0, 0.2):
            for with_before in (False, True):
                covers, alarms, reduction = covered(draw, tests, effect, with_before)
                print(
                    f"| {draw.__name__} | {effect:.0%} | {'yes' if with_before else 'no'} |"
                    f" {covers:.2%} | {alarms:.2%} | {reduction:.1%} |",
                    flush=True,
                )
    often, once = peeked(tests // 4)
    print(
        f"\nWithout effect, {tests // 4:,} tests: {often:.1%} show one at some of {LOOKS} looks,"
        f" {once:.1%} at the end. So no result is valid before it."
    )
    for share in (0.5, 0.52, 0.53):
        print(
            f"Sample ratio, weights 0.5, users in {share}: found in {mismatches(tests, share):.1%}"
        )
    drew, summed = at_size(options.users)
    print(f"{options.users:,} users: drawn in {drew:.1f} s, summed in {summed:.1f} s")


if __name__ == "__main__":
    main()
