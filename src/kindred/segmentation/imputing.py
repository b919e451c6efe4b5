"""Fill what is unknown about a user from what is known: by donors or by a regression.

Both work on standard values, (transformed - center) / scale, with nan where a value is
unknown, and both are learned as a few numbers that SQL applies to every user:

* `knn`: the mean of the nearest of a bounded set of donors. A donor is the mean of a
  small group of alike users, so two hundred of them stand for the whole sample. Distance
  is taken over what is known of the user, as scikit-learn's KNNImputer takes it.
* `model`: a linear regression on other features, themselves filled, and run again on
  what it filled, as scikit-learn's IterativeImputer does.

Either looks at no more than ``PREDICTORS`` features, those that vary most with the one
to fill. A filled value never lies outside the range that the sample showed.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import BayesianRidge
from threadpoolctl import threadpool_limits

PREDICTORS = 12
DONORS = 200
USUAL_SHARE = 0.5  # of a group of alike users that know a feature, below which a gap is usual
NEIGHBOURS = 5
ROUNDS = 10  # of learning; a regression settles in two or three
PASSES = 4  # of applying: each sees what the one before filled
_FEWEST = 20  # known values below which there is nothing to learn from
_FEWEST_ALIKE = 5  # users of a group below which its gaps are chance
_WEAKEST = 0.05  # correlation below which a feature tells nothing

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Regression:
    """How a feature follows from others: intercept + sum of coefficient * value."""

    intercept: float
    coefficients: dict[str, float]
    lower: float
    upper: float

    def predict(self, filled: Columns) -> np.ndarray:
        """The feature of every user, from standard values without gaps."""
        total = self.intercept
        for predictor, coefficient in self.coefficients.items():
            total = total + coefficient * filled[predictor]
        return np.clip(total, self.lower, self.upper)


@dataclass(frozen=True)
class Donors:
    """A bounded set of typical users that know the feature: their values and place."""

    values: np.ndarray
    places: Columns

    def predict(self, standard: Columns) -> np.ndarray:
        """The mean of the nearest donors; nan where nothing is known to compare by."""
        size = len(next(iter(standard.values())))
        distances = np.zeros((size, len(self.values)))
        is_placed = np.zeros(size, dtype=bool)
        for predictor, place in self.places.items():
            known = ~np.isnan(standard[predictor])
            # the squared distance less the user's own square, which all donors share
            own = standard[predictor][known, None]
            distances[known] += place[None, :] ** 2 - 2 * own * place[None, :]
            is_placed |= known
        # rounded, so that the order of a sum does not choose among equally near ones
        nearest = np.argsort(np.round(distances, 9), axis=1, kind="stable")[:, :NEIGHBOURS]
        return np.where(is_placed, self.values[nearest].mean(axis=1), np.nan)


def best_predictors(standard: Columns, target: str, candidates: list[str]) -> list[str]:
    """The features that vary most with ``target`` where both are known, by name."""
    strengths = {}
    wanted = standard[target]
    for name in candidates:
        both = ~(np.isnan(wanted) | np.isnan(standard[name]))
        if name == target or both.sum() < _FEWEST:
            continue
        one, other = wanted[both], standard[name][both]
        if one.std() > 1e-9 and other.std() > 1e-9:
            strengths[name] = round(abs(float(np.corrcoef(one, other)[0, 1])), 6)
    strong = [name for name in sorted(strengths) if strengths[name] >= _WEAKEST]
    return sorted(sorted(strong, key=lambda name: -strengths[name])[:PREDICTORS])


def learn_donors(
    standard: Columns, fills: dict[str, float], target: str, candidates: list[str], seed: int
) -> Donors | None:
    """Typical users and what each tells of ``target``; None when there is nothing to learn from.

    A donor is a group of alike users, whether they know the target or not. Where most of a
    group do not know it, a gap is usual for such users (who never bought has no order value),
    and the donor says the fill value of the target; else the mean of those who do.
    """
    known = ~np.isnan(standard[target])
    predictors = best_predictors(standard, target, candidates)
    if known.sum() < _FEWEST or not predictors:
        return None
    # not the fill: 0 for a missing count would make a newcomer of a regular
    middles = {name: float(np.nanmedian(standard[name])) for name in predictors}
    points = np.column_stack([_without_gaps(standard[name], middles[name]) for name in predictors])
    distinct = len(np.unique(points, axis=0))
    with threadpool_limits(limits=1):
        groups = KMeans(
            n_clusters=max(min(DONORS, distinct, len(points) // 5), 1),
            n_init=1,
            max_iter=50,
            random_state=seed % 2**32,
        ).fit(points)
    sizes = np.bincount(groups.labels_)
    means, knowing = _means_of_known(standard[target], groups.labels_, fills[target])
    places = {
        name: _means_of_known(standard[name], groups.labels_, middles[name])[0]
        for name in predictors
    }
    is_usual = (knowing < USUAL_SHARE * sizes) & (sizes >= _FEWEST_ALIKE)
    kept = is_usual | (knowing > 0)
    return Donors(
        values=np.where(is_usual, fills[target], means)[kept],
        places={name: place[kept] for name, place in places.items()},
    )


def _means_of_known(values: np.ndarray, groups: np.ndarray, empty: float):
    """The mean of the known values of each group, ``empty`` without any; and their counts."""
    counts = np.bincount(groups, weights=~np.isnan(values))
    sums = np.bincount(groups, weights=_without_gaps(values, 0.0))
    return np.where(counts > 0, sums / np.maximum(counts, 1), empty), counts


def learn_regressions(
    standard: Columns, fills: dict[str, float], targets: list[str], candidates: list[str]
) -> dict[str, Regression]:
    """A regression for each target, each learned on what the others fill.

    Targets with nothing to learn from are left out and keep their ``fills``.
    """
    filled = {name: _without_gaps(standard[name], fills[name]) for name in candidates}
    predictors = {}
    for target in targets:
        own = best_predictors(standard, target, candidates)
        if (~np.isnan(standard[target])).sum() >= _FEWEST and own:
            predictors[target] = own
    learned: dict[str, Regression] = {}
    for _ in range(ROUNDS):
        before = learned
        learned = {
            target: _regress(standard[target], filled, own) for target, own in predictors.items()
        }
        again = {
            target: np.where(
                np.isnan(standard[target]), regression.predict(filled), standard[target]
            )
            for target, regression in learned.items()
        }
        filled |= again
        if before and _moved(before, learned) < 1e-4:
            break
    return learned


def _regress(values: np.ndarray, filled: Columns, predictors: list[str]) -> Regression:
    known = ~np.isnan(values)
    points = np.column_stack([filled[name][known] for name in predictors])
    with threadpool_limits(limits=1):
        line = BayesianRidge().fit(points, values[known])
    return Regression(
        intercept=float(line.intercept_),
        coefficients=dict(zip(predictors, map(float, line.coef_), strict=True)),
        lower=float(values[known].min()),
        upper=float(values[known].max()),
    )


def _moved(before: dict[str, Regression], after: dict[str, Regression]) -> float:
    return max(
        abs(before[target].coefficients[name] - coefficient)
        for target, regression in after.items()
        for name, coefficient in regression.coefficients.items()
    )


def fill(
    standard: Columns,
    fills: dict[str, float],
    donors: dict[str, Donors],
    regressions: dict[str, Regression],
    usual: dict[str, np.ndarray] | None = None,
) -> Columns:
    """Standard values without a gap: known, else by donors or regression, else the fill.

    ``usual`` says of a feature whose gaps have a meaning, so that the fill stands in.
    """
    filled, accidents = {}, {}
    for name, values in standard.items():
        guess = np.full(len(values), fills[name])
        gaps = np.isnan(values)
        accidents[name] = gaps & ~usual[name] if usual else gaps
        if name in donors and accidents[name].any():
            asked = accidents[name]
            given = donors[name].predict({key: own[asked] for key, own in standard.items()})
            guess[asked] = np.where(np.isnan(given), fills[name], given)
        filled[name] = np.where(gaps, guess, values)
    for _ in range(PASSES):
        filled |= {
            name: np.where(accidents[name], regression.predict(filled), filled[name])
            for name, regression in regressions.items()
        }
    return filled


def _without_gaps(values: np.ndarray, value: float) -> np.ndarray:
    return np.where(np.isnan(values), value, values)
