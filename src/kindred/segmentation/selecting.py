"""Which features take part in the clustering, and the reason of each that does not.

The catalogue asks for features; those that tell nothing, or nothing new, or what they
must not tell, leave. A row of the catalogue with `selection` keep overrides that, and
the reason then says what it was kept in spite of.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

NEAR_CONSTANT = 0.995  # share of users with one value at which a feature tells nothing
MOSTLY_MISSING = 0.95  # share of users without a value, where that is no answer in itself
REDUNDANT = 0.95  # correlation at which a feature repeats another one
LEAKING = 0.99  # correlation at which a feature is the outcome by another name
IDENTIFYING = 0.50  # levels a user above which a category names users
_FEWEST = 20  # users below which a share says nothing


@dataclass(frozen=True)
class Verdict:
    """Whether a feature is clustered on, and why."""

    is_clustered: bool
    reason: str


def select_features(
    treatments: list[Any],
    *,
    numbers: dict[str, np.ndarray],
    unknown_shares: dict[str, float],
    level_counts: dict[str, int],
    constants: set[str],
) -> dict[str, Verdict]:
    """A verdict for each treatment of the catalogue.

    ``numbers`` are the filled standard values of the users of the fit, ``level_counts``
    the distinct levels of each category, ``constants`` the features with one value.
    Of two features that repeat each other the forced one stays, then the heavier, then
    the one with fewer unknown values, then the first by name. Where nothing would be
    left, the feature that would have stayed longest does.
    """
    outcomes = {t.encode_target for t in treatments if t.encode_target is not None}
    wanted = sorted(
        (t for t in treatments if t.is_clustered),
        key=lambda t: (not t.is_forced, -t.weight, unknown_shares[t.feature], t.feature),
    )
    verdicts = {t.feature: Verdict(False, "not clustered by the catalogue") for t in treatments}
    kept: list[str] = []
    for treatment in wanted:
        feature = treatment.feature
        problem = _problem(
            treatment, numbers, unknown_shares[feature], level_counts, constants, outcomes, kept
        )
        if problem and not treatment.is_forced:
            verdicts[feature] = Verdict(False, problem)
            continue
        if feature in numbers:
            kept.append(feature)
        reason = f"kept by the catalogue: {problem}" if problem else "clustered"
        verdicts[feature] = Verdict(True, reason)
    if not any(verdict.is_clustered for verdict in verdicts.values()):
        last = wanted[0].feature
        verdicts[last] = Verdict(True, f"nothing else is left: {verdicts[last].reason}")
    return verdicts


def _problem(
    treatment, numbers, unknown_share, level_counts, constants, outcomes, kept
) -> str | None:
    feature = treatment.feature
    if feature in constants:
        return "constant: every user has one value"
    # where the catalogue knows what an absence means, it is an answer
    if treatment.impute != "constant" and unknown_share > MOSTLY_MISSING:
        return f"mostly missing: {unknown_share:.1%} of users have no value"
    if feature not in numbers:
        return _names_users(level_counts[feature], numbers)
    values = numbers[feature]
    if len(values) < _FEWEST:
        return None
    share = _share_of_one_value(values)
    if share > NEAR_CONSTANT:
        return f"near-constant: {share:.2%} of users have one value"
    for outcome in sorted(outcomes - {feature}):
        strength = _correlation(values, numbers[outcome])
        if strength >= LEAKING:
            return f"leaking: correlation {strength:.3f} with the outcome {outcome}"
    for other in kept:
        strength = _correlation(values, numbers[other])
        if strength >= REDUNDANT:
            return f"redundant: correlation {strength:.3f} with {other}"
    return None


def _names_users(level_count: int, numbers: dict[str, np.ndarray]) -> str | None:
    size = max((len(values) for values in numbers.values()), default=0)
    if size >= _FEWEST and level_count > IDENTIFYING * size:
        return f"leaking: {level_count} levels for {size} users name the users"
    return None


def _share_of_one_value(values: np.ndarray) -> float:
    _, counts = np.unique(np.round(values, 9), return_counts=True)
    return float(counts.max() / len(values))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if one.std() <= 1e-9 or other.std() <= 1e-9:
        return 0.0
    return abs(float(np.corrcoef(one, other)[0, 1]))
