"""Hold a build against the sample's truth, beside two yardsticks.

The *naive* yardstick is what anybody tries first: k-means with the true number of
segments on z-scored raw recency, frequency (orders) and money. The *oracle* knows the
distributions that people were drawn from and takes the likeliest segment for what was
seen of each; nothing can be expected to beat it by more than chance.
"""

import argparse
import os
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.special import betaln, gammaln, logsumexp
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from kindred.samples import shop
from kindred.samples.shop import SEGMENTS

BAR = 0.90  # of the oracle
PRECISION_BAR, RECALL_BAR = 0.99, 0.97
NAIVE_LIMIT, ORACLE_LIMIT = 0.60, 0.98


def yardsticks(truth: Path | str) -> dict[str, float]:
    """ARI of the naive and the oracle segmentation, and how many people are scored.

    Scored are mature people (at least 5 counted events, or an order) with a segment.
    """
    people = _scored(Path(truth))
    return {
        "naive": adjusted_rand_score(people["segment"], naive_segments(people)),
        "oracle": adjusted_rand_score(people["segment"], oracle_segments(people)),
        "people": len(people),
    }


def score_sessions(database, truth: Path | str) -> dict[str, float]:
    """Sessions of ``fct_sessions`` against the truth, as multisets.

    A session is (source, anonymous_id, started_at, ended_at, event_count). Returns
    sessions_true, sessions_built, sessions_missing and sessions_extra; the last two are
    0 when the build is exact. ``database`` is a DuckDB connection or a file's path.
    """
    columns = "source, anonymous_id, started_at, ended_at, event_count"
    table = Path(truth) / "sessions.parquet"
    with _reader(database) as connection:
        built = Counter(connection.execute(f"select {columns} from marts.fct_sessions").fetchall())
        true = Counter(connection.execute(f"select {columns} from '{table}'").fetchall())
    return {
        "sessions_true": sum(true.values()),
        "sessions_built": sum(built.values()),
        "sessions_missing": sum((true - built).values()),
        "sessions_extra": sum((built - true).values()),
    }


def score_identities(database, truth: Path | str) -> dict[str, float]:
    """Pairwise precision and recall of ``dim_identities``.

    A pair is two identifiers of one user. Identifiers that only one side has are
    counted (identifiers_missing, identifiers_extra); they also cost recall and
    precision, since the pairs they make are on one side only.
    """
    built = _frame(
        database,
        "select identifier_kind, identifier_value, user_id from marts.dim_identities",
    )
    true = pd.read_parquet(Path(truth) / "identifiers.parquet")
    both = true.merge(built, on=["identifier_kind", "identifier_value"], how="outer")
    has_true, has_built = both["person_id"].notna(), both["user_id"].notna()

    def pairs(groups):
        size = groups.value_counts().astype("int64")
        return float((size * (size - 1) // 2).sum())

    known = both[has_true & has_built]
    together = pairs(known["person_id"] + "|" + known["user_id"])
    built_pairs, true_pairs = pairs(built["user_id"]), pairs(true["person_id"])
    return {
        "identity_precision": together / built_pairs if built_pairs else 1.0,
        "identity_recall": together / true_pairs if true_pairs else 1.0,
        "identifiers_missing": int((~has_built).sum()),
        "identifiers_extra": int((~has_true).sum()),
    }


def score_segments(
    database, truth: Path | str, segments: pd.DataFrame | None = None
) -> dict[str, float]:
    """ARI of ``fct_user_segments`` over the scored people, and the number of segments.

    ``segments`` (user_id, segment_id) takes the mart's place where it is given.
    A person is looked up by their identifiers and stands for the user that most of them
    name, logins and customer numbers first; one without a user counts as a group of
    their own kind.
    """
    people = _scored(Path(truth))
    true = pd.read_parquet(Path(truth) / "identifiers.parquet")
    identities = _frame(
        database,
        "select identifier_kind, identifier_value, user_id from marts.dim_identities",
    )
    if segments is None:
        segments = _frame(database, "select user_id, segment_id from marts.fct_user_segments")
    built = identities.merge(segments[["user_id", "segment_id"]], on="user_id")
    named = true.merge(built, on=["identifier_kind", "identifier_value"])
    named["is_weak"] = named["identifier_kind"].isin(["anonymous", "click"])
    votes = (
        named.groupby(["person_id", "is_weak", "user_id", "segment_id"])
        .size()
        .reset_index(name="votes")
        .sort_values(
            ["person_id", "is_weak", "votes", "user_id"],
            ascending=[True, True, False, True],
        )
        .drop_duplicates("person_id")
        .set_index("person_id")["segment_id"]
    )
    found = people["person_id"].map(votes.astype(object)).astype(object)
    return {
        "segments_ari": adjusted_rand_score(people["segment"], found.where(found.notna(), "none")),
        "segments_people": len(people),
        "segments_unfound": int(found.isna().sum()),
        "segments_count": int(found.nunique()),
    }


def score_outcomes(database, truth: Path | str) -> pd.DataFrame:
    """Rows by source, table and outcome: true, built, and where they differ."""
    built = _frame(
        database,
        """
        select source, source_table, outcome, sum(row_count) as built
        from marts.fct_row_outcomes group by source, source_table, outcome
        """,
    )
    true = pd.read_parquet(Path(truth) / "row_outcomes.parquet")
    both = true.merge(built, on=["source", "source_table", "outcome"], how="outer")
    both = both.rename(columns={"row_count": "true"})
    both[["true", "built"]] = both[["true", "built"]].fillna(0).astype("int64")
    both["is_equal"] = both["true"] == both["built"]
    return both.sort_values(["source", "source_table", "outcome"], ignore_index=True)


def score_experiments(database, truth: Path | str) -> dict[str, float]:
    """The lift in orders that ``fct_experiment_results`` tells, and the true one.

    True is the mean over everybody who saw one arm of the orders with the hint less those
    without, which the simulation knows of each person. Returns lift_true, lift_low,
    lift_high and lift_people; the middle two are the interval's ends.
    """
    courses = pd.read_parquet(Path(truth) / "experiments.parquet")
    courses = courses[courses["arm_count"] == 1]
    found = _frame(
        database,
        """
        select ci_low, ci_high from marts.fct_experiment_results
        where metric = 'order_count' and slice_kind = 'all' and arm = 'hint'
        """,
    )
    low, high = found.iloc[0] if len(found) else (np.nan, np.nan)
    return {
        "lift_true": float((courses["orders_with"] - courses["orders_without"]).mean()),
        "lift_low": float(low),
        "lift_high": float(high),
        "lift_people": len(courses),
    }


def evaluate(database, truth: Path | str) -> dict[str, float]:
    """All scores of a build and the yardsticks of its sample, by name."""
    return {
        **_outcome_scores(database, truth),
        **score_sessions(database, truth),
        **score_identities(database, truth),
        **score_segments(database, truth),
        **score_experiments(database, truth),
        **yardsticks(truth),
    }


def _outcome_scores(database, truth):
    outcomes = score_outcomes(database, truth)
    return {"outcomes": len(outcomes), "outcomes_wrong": int((~outcomes["is_equal"]).sum())}


def _passes(scores: dict[str, float]) -> dict[str, bool]:
    """Which bars are met, by name."""
    return {
        "outcomes": scores["outcomes_wrong"] == 0,
        "sessions": scores["sessions_missing"] == scores["sessions_extra"] == 0,
        "identity precision": scores["identity_precision"] >= PRECISION_BAR,
        "identity recall": scores["identity_recall"] >= RECALL_BAR,
        # a sample of few days ends before its experiment begins
        "experiment": scores["lift_people"] == 0
        or scores["lift_low"] <= scores["lift_true"] <= scores["lift_high"],
        "segments": scores["segments_ari"] >= BAR * scores["oracle"],
        "sample": scores["naive"] <= NAIVE_LIMIT and scores["oracle"] <= ORACLE_LIMIT,
    }


def report(scores: dict[str, float]) -> list[str]:
    """One line per score, each with its bar and whether it is met."""
    passes = _passes(scores)
    texts = {
        "outcomes": f"{scores['outcomes']:,.0f} counts of source, table and outcome,"
        f" {scores['outcomes_wrong']:,.0f} wrong (bar: exact)",
        "sessions": f"{scores['sessions_true']:,.0f} true,"
        f" {scores['sessions_missing']:,.0f} missing,"
        f" {scores['sessions_extra']:,.0f} extra (bar: exact)",
        "identity precision": f"{scores['identity_precision']:.4f} (bar {PRECISION_BAR})",
        "identity recall": f"{scores['identity_recall']:.4f} (bar {RECALL_BAR})",
        "experiment": f"lift in orders {scores['lift_true']:.3f}, found between"
        f" {scores['lift_low']:.3f} and {scores['lift_high']:.3f}"
        f" ({scores['lift_people']:,.0f} people; bar: inside)",
        "segments": f"ARI {scores['segments_ari']:.3f} with k ="
        f" {scores['segments_count']:.0f} (bar {BAR * scores['oracle']:.3f} = {BAR} of"
        f" the oracle; naive {scores['naive']:.3f}, oracle {scores['oracle']:.3f},"
        f" {scores['segments_people']:,.0f} people)",
        "sample": f"naive {scores['naive']:.3f} (at most {NAIVE_LIMIT:.2f}), oracle"
        f" {scores['oracle']:.3f} (at most {ORACLE_LIMIT:.2f})",
    }
    return [f"{'ok  ' if passes[name] else 'MISS'} {name}: {text}" for name, text in texts.items()]


def main(arguments: list[str] | None = None) -> int:
    """Print the scores of a home's build; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m kindred.samples.evaluation")
    parser.add_argument("--home", default=os.environ.get("KINDRED_HOME") or "data")
    parser.add_argument(
        "--facts",
        action="store_true",
        help="rows, sessions and identities only; a small sample says little of segments",
    )
    options = parser.parse_args(arguments)
    home = Path(options.home)
    scores = evaluate(home / "kindred_build.duckdb", home / "truth")
    print("\n".join(report(scores)))
    passes = _passes(scores)
    if options.facts:
        passes = {name: passes[name] for name in passes if name not in ("segments", "sample")}
    return 0 if all(passes.values()) else 1


@contextmanager
def _reader(database):
    if isinstance(database, duckdb.DuckDBPyConnection):
        yield database
        return
    connection = duckdb.connect(str(database), read_only=True)
    try:
        yield connection
    finally:
        connection.close()


def _frame(database, query):
    with _reader(database) as connection:
        return connection.execute(query).df()


def _scored(truth):
    people = pd.read_parquet(truth / "people.parquet")
    is_scored = people["is_mature"] & people["segment"].notna()
    return people[is_scored].reset_index(drop=True)


def _last_day(people):
    return float(np.nanmax(people["last_day"]))


def naive_segments(people: pd.DataFrame) -> np.ndarray:
    """K-means on z-scored recency in days, number of orders and money, with true k."""
    recency = _last_day(people) - people["last_day"].fillna(0)
    points = np.column_stack([recency, people["order_count"], people["revenue"]])
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    model = KMeans(len(SEGMENTS), n_init=10, random_state=20_260_101)
    return model.fit_predict(points)


def oracle_segments(people: pd.DataFrame) -> np.ndarray:
    """Number of the likeliest segment of each person, by the true distributions."""
    days = np.ceil(_last_day(people))
    scores = [_log_posterior(people, segment, days) for segment in SEGMENTS]
    return np.argmax(np.column_stack(scores), axis=1)


def _log_posterior(people, segment, days):
    visits, views = people["visit_count"], people["view_count"]
    known = np.where(people["is_known"], segment.known_share, 1 - segment.known_share)
    return (
        np.log(segment.share)
        + np.log(known)
        + _visits(people, segment, days)
        + _gamma_poisson(
            people["extra_count"], visits, segment.extras_per_visit, segment.extra_shape
        )
        + _gamma_poisson(views, visits, segment.views_per_visit, segment.view_shape)
        + _beta_binomial(people["cart_count"], views, segment.cart_rate, segment.cart_concentration)
        + _beta_binomial(
            people["order_count"],
            people["cart_visit_count"],
            segment.order_rate,
            segment.order_concentration,
        )
        + _beta_binomial(
            people["coupon_count"],
            people["order_count"],
            segment.discount_rate,
            segment.discount_concentration,
        )
        + _prices(people, segment)
        + _tastes(people, segment)
    ).to_numpy()


def _gamma_poisson(count, exposure, mean, shape):
    """Log likelihood of a count whose rate is gamma distributed between persons."""
    exposure = exposure.clip(lower=1e-9)
    rate = shape / mean
    return (
        gammaln(shape + count)
        - gammaln(shape)
        + shape * np.log(rate)
        + count * np.log(exposure)
        - (shape + count) * np.log(rate + exposure)
    )


def _beta_binomial(count, of, mean, concentration):
    count = np.minimum(count, of)
    alpha, beta = mean * concentration, (1 - mean) * concentration
    return betaln(alpha + count, beta + of - count) - betaln(alpha, beta)


def _visits(people, segment, days):
    """Number and last moment of the visits, which the lapsing stop before mid-period."""
    count = people["visit_count"]
    start = np.minimum(people["start_day"], people["first_day"].fillna(np.inf))
    shape, rate = segment.visit_shape, segment.visit_shape / segment.visits_per_day
    last = people["last_day"].fillna(0)

    def of_length(length):
        return (
            gammaln(shape + count)
            - gammaln(shape)
            + shape * np.log(rate)
            - (shape + count) * np.log(rate + np.maximum(length, 0.5))
        )

    if not segment.is_lapsing:
        return of_length(days - start)
    stops = days * np.linspace(shop.LAPSE_FROM, shop.LAPSE_TO, 60)
    # a visit belongs to its day, so it may lie up to a day after the stop
    each = [np.where(last <= stop + 1, of_length(stop - start), -1e3) for stop in stops]
    return pd.Series(logsumexp(each, axis=0) - np.log(len(stops)), index=people.index)


def _prices(people, segment):
    views = people["view_count"]
    variance = segment.price_spread**2 + shop.VIEW_PRICE_SPREAD**2 / views.clip(lower=1)
    distance = people["log_price_mean"] - np.log(segment.price)
    score = -0.5 * (np.log(variance) + distance**2 / variance)
    return score.where(views > 0, 0.0)


def _tastes(people, segment):
    counts = people[[f"view_count_{n}" for n in range(len(shop.CATEGORIES))]].to_numpy()
    own = segment.breadth / np.sqrt(len(shop.CATEGORIES))
    whole = own * len(shop.CATEGORIES)
    score = gammaln(whole) - gammaln(whole + counts.sum(axis=1))
    score = score + (gammaln(own + counts) - gammaln(own)).sum(axis=1)
    return pd.Series(score, index=people.index)


if __name__ == "__main__":
    sys.exit(main())
