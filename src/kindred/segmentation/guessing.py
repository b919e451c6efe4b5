"""Guess the segment of somebody who has hardly been met, and learn to on those who have.

Two multinomial logistic regressions are fitted on mature users as they were when their
first session ended: ``prior`` knows who came and how, ``cold_start`` also what the first
session held. What is learned are coefficients on plain terms, so that SQL can apply them
with a softmax.
"""

from collections.abc import Iterable
from hashlib import md5

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from kindred.segmentation.artifacts import as_artifacts
from kindred.segmentation.cleaning import numbers_of

CATEGORIES = ("acquisition_channel", "country", "device", "gender", "age_band")
NUMBERS = (
    "event_count",
    "page_view_count",
    "distinct_page_count",
    "distinct_product_count",
    "product_view_count",
    "cart_count",
    "checkout_count",
    "purchase_count",
    "path_step_count",
    "duration_seconds",
    "engaged_seconds",
    "revenue",
)
STAGES = {"prior": (), "cold_start": NUMBERS}
INTERCEPT = "intercept"

SMALLEST_TRAINING = 50  # users below which only base rates are learned
SMALLEST_CLASS = 5  # users below which a segment is not told apart
SMALLEST_LEVEL = 10  # users below which a level of a category says nothing
PENALTIES = (0.01, 0.1, 1.0)  # inverse strengths of the penalty that are tried
FOLDS = 3
HELD_OUT = ("0", "1", "2")  # first digits of the hash: three of sixteen users


def is_held_out(user_ids: Iterable[str]) -> np.ndarray:
    """Which users no explanation or guess may learn from: 3 in 16, for ever the same.

    The macro ``held_out`` says the same in SQL.
    """
    return np.array([_digest(user)[0] in HELD_OUT for user in user_ids], dtype=bool)


def _digest(user_id: str) -> str:
    return md5(f"{user_id}|held_out".encode()).hexdigest()


def learn_guesses(
    first_sessions: pd.DataFrame | None,
    user_ids: pd.Series,
    labels: np.ndarray,
    segments: list[str],
    *,
    seed: int,
) -> pd.DataFrame:
    """`guess` rows: a coefficient per stage, segment and term; and how each was learned.

    ``first_sessions`` has one row per user: ``user_id``, ``has_session``, CATEGORIES
    (texts) and NUMBERS (of the first session, null without one). ``labels`` places
    (from 0) each of ``user_ids`` in one of ``segments``. Users that ``is_held_out`` are
    never learned from.

    A term is ``intercept``, the name of a number (its coefficient is that of
    ln(1 + number)) or ``category=level``. The score of a segment is the sum over the
    terms that hold, and its probability the softmax of scores over the segments listed.

    Where there is nothing to learn (one segment, too few users, no segment with enough
    of them, or terms that foretell no better than chance under cross-validation) the
    intercepts are the logarithms of base rates, each segment counted once more, and the
    row `training` says why. A segment with fewer than SMALLEST_CLASS users is not told
    apart by the regression: no rows, so it is never guessed.
    """
    places = pd.Series(labels, index=user_ids.to_numpy(), dtype="int64")
    known = _known(first_sessions, places)
    rows = []
    for stage, numbers in STAGES.items():
        has_session = known["has_session"].astype("bool")
        # who has orders alone is no model of somebody who only registered, but if all are so
        users = known[has_session] if numbers or has_session.any() else known
        rows += _learn_stage(stage, users, numbers, segments, seed)
    return as_artifacts(rows)


def _known(first_sessions, places) -> pd.DataFrame:
    """First sessions of the users that have a label and may be learned from, in order."""
    columns = ["user_id", "has_session", *CATEGORIES, *NUMBERS]
    if first_sessions is None or first_sessions.empty:
        return pd.DataFrame(columns=[*columns, "place"])
    users = first_sessions[columns]
    users = users[users["user_id"].isin(places.index)]
    users = users[~is_held_out(users["user_id"])].sort_values("user_id", ignore_index=True)
    return users.assign(place=places.loc[users["user_id"]].to_numpy())


def _learn_stage(stage, users, numbers, segments, seed) -> list[dict]:
    place = users["place"].to_numpy("int64")
    counts = np.bincount(place, minlength=len(segments))
    base = np.log((counts + 1) / (counts.sum() + len(segments)))
    told = np.flatnonzero(counts >= SMALLEST_CLASS)
    if len(segments) == 1:
        return _base_rows(stage, segments, base, counts, "there is one segment")
    if len(users) < SMALLEST_TRAINING:
        why = f"only {len(users)} users, at least {SMALLEST_TRAINING} are needed"
        return _base_rows(stage, segments, base, counts, why)
    if len(told) < 2:
        why = f"fewer than two segments have {SMALLEST_CLASS} users"
        return _base_rows(stage, segments, base, counts, why)

    is_told = np.isin(place, told)
    terms, values = _terms(users[is_told], numbers)
    place = place[is_told]
    if not terms:
        return _base_rows(stage, segments, base, counts, "no term differs between users")
    center, scale = values.mean(axis=0), values.std(axis=0)
    points = (values - center) / scale
    with threadpool_limits(limits=1):
        penalty, loss = _best_penalty(points, place, seed)
        chance = log_loss(place, np.tile(counts[told] / len(place), (len(place), 1)), labels=told)
        if loss >= chance:
            why = f"cross-validated log loss {loss:.4f} is no better than {chance:.4f} by chance"
            return _base_rows(stage, segments, base, counts, why)
        model = _regression(penalty).fit(points, place)

    # two classes are one column of coefficients: the second against the first
    slopes, intercepts = model.coef_, model.intercept_
    if len(told) == 2:
        slopes, intercepts = np.vstack([-slopes, slopes]) / 2, np.r_[-intercepts, intercepts] / 2
    slopes = slopes / scale
    intercepts = intercepts - slopes @ center
    slopes, intercepts = _around_the_mean_level(terms, values, slopes, intercepts)
    why = (
        f"logistic regression on {len(place)} users, penalty {1 / penalty:g}:"
        f" cross-validated log loss {loss:.4f}, by chance {chance:.4f}"
    )
    rows = [_training_row(stage, len(place), why)]
    for number, which in enumerate(told):
        own = {"record": "guess", "segment_id": segments[which], "name": stage}
        rows.append({**own, "feature": INTERCEPT, "value": intercepts[number]})
        rows += [
            {**own, "feature": term, "value": value}
            for term, value in zip(terms, slopes[number], strict=True)
        ]
    return rows


def _regression(penalty: float) -> LogisticRegression:
    return LogisticRegression(C=penalty, max_iter=1_000, tol=1e-6)


def _best_penalty(points, place, seed) -> tuple[float, float]:
    """The inverse penalty with the smallest cross-validated log loss, and that loss."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed % 2**32)
    losses = {
        penalty: log_loss(
            place,
            cross_val_predict(
                _regression(penalty), points, place, cv=folds, method="predict_proba"
            ),
            labels=np.unique(place),
        )
        for penalty in PENALTIES
    }
    best = min(losses, key=lambda penalty: (round(losses[penalty], 9), penalty))
    return best, losses[best]


def _terms(users, numbers) -> tuple[list[str], np.ndarray]:
    """Names and values of the terms that differ between users."""
    columns = {
        number: np.log1p(np.nan_to_num(np.maximum(numbers_of(users[number]), 0)))
        for number in numbers
    }
    for category in CATEGORIES:
        counts = users[category].value_counts()
        levels = sorted(counts.index[counts >= SMALLEST_LEVEL])
        is_other = ~users[category].isin(levels).to_numpy()
        total = counts[levels].sum()
        for level in levels:
            own = users[category].eq(level).to_numpy("float64")
            own[is_other] = counts[level] / total
            columns[f"{category}={level}"] = own
    kept = [term for term, values in columns.items() if values.std() > 1e-12]
    return kept, np.column_stack([columns[term] for term in kept]) if kept else np.empty((0, 0))


def _around_the_mean_level(terms, values, slopes, intercepts) -> tuple[np.ndarray, np.ndarray]:
    """Equal scores, with the mean level of each category in the intercept.

    So a level that has no term adds nothing, and counts as the mean all the same.
    """
    slopes, intercepts = slopes.copy(), intercepts.copy()
    for category in CATEGORIES:
        own = [place for place, term in enumerate(terms) if term.startswith(f"{category}=")]
        if own:
            share = values[:, own].mean(axis=0)
            mean = slopes[:, own] @ (share / share.sum())
            slopes[:, own] -= mean[:, None]
            intercepts += mean
    return slopes, intercepts


def _base_rows(stage, segments, base, counts, why) -> list[dict]:
    rows = [_training_row(stage, int(counts.sum()), f"base rates: {why}")]
    rows += [
        {
            "record": "guess",
            "segment_id": segment,
            "name": stage,
            "feature": INTERCEPT,
            "value": value,
        }
        for segment, value in zip(segments, base, strict=True)
    ]
    return rows


def _training_row(stage, user_count, why) -> dict:
    return {"record": "guess_training", "name": stage, "value": user_count, "text": why}
