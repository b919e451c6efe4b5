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
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.special import betaln, gammaln, logsumexp
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from kindred.samples import shop
from kindred.samples.shop import SEGMENTS

BAR = 0.85  # of the oracle
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
