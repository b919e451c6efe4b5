"""Say in plain words what a segment is: its traits and a label made of them."""

import re

import numpy as np
import pandas as pd

from kindred.segmentation.artifacts import as_artifacts
from kindred.segmentation.cleaning import Learned, clean_numbers, numbers_of

NOTEWORTHY = 0.30  # standard deviations from the mean at which a trait is mentioned
STRONG = 1.50  # and from which it is "very"
ALIKE = 0.75  # correlation above which two features say the same thing
TRAITS_IN_LABEL = 2

# Words for (below, above) the mean where "low" and "high" would mislead.
_WORDS = {
    "recency_days": ("active recently", "not active lately"),
    "order_recency_days": ("ordered recently", "ordered long ago"),
    "tenure_days": ("new", "known for long"),
}
_WINDOW = re.compile(r"_\d+d$")


def describe_segments(
    sample: pd.DataFrame,
    parameters: pd.DataFrame,
    labels: np.ndarray,
    segments: list[str],
) -> pd.DataFrame:
    """`trait` and `label` rows of each segment.

    ``labels`` places (from 0) each user of ``sample`` in one of ``segments``. For
    every numeric feature: ``mean`` and ``population_mean`` of the known raw values, and
    ``z_score``, how far the segment's mean lies from everyone's on the transformed
    scale, in standard deviations. A label names the strongest traits among the
    clustered features, leaving out features that repeat one already named, and takes
    in more of them until it is unique.
    """
    learned = Learned.read(parameters)
    cleaned = clean_numbers(sample, parameters)
    spread = cleaned.std(ddof=0) if len(cleaned) else cleaned.sum()
    rows = []
    z_scores = pd.DataFrame(0.0, index=segments, columns=cleaned.columns)
    for place, segment in enumerate(segments):
        members = labels == place
        for feature in cleaned.columns:
            raw = numbers_of(sample[feature])
            z_score = 0.0
            if members.any() and spread[feature] > 1e-12:
                values = cleaned[feature].to_numpy()
                distance = values[members].mean() - values.mean()
                z_score = float(distance / spread[feature])
            z_scores.loc[segment, feature] = z_score
            numbers = {
                "mean": _known_mean(raw[members]),
                "population_mean": _known_mean(raw),
                "z_score": z_score,
            }
            own = {"record": "trait", "feature": feature, "segment_id": segment}
            rows += [{**own, "name": name, "value": v} for name, v in numbers.items()]

    named = [feature for feature in cleaned.columns if learned.is_clustered(feature)]
    rows += [
        {"record": "label", "segment_id": segment, "name": "label", "text": label}
        for segment, label in _labels(z_scores[named], cleaned[named]).items()
    ]
    return as_artifacts(rows)


def _known_mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _labels(z_scores: pd.DataFrame, cleaned: pd.DataFrame) -> dict[str, str]:
    if len(z_scores) == 1:
        return {z_scores.index[0]: "everyone"}
    correlation = _correlation(cleaned)
    phrases = {segment: _phrases(z_scores.loc[segment], correlation) for segment in z_scores.index}
    labels: dict[str, str] = {}
    for segment, own in phrases.items():
        length = min(TRAITS_IN_LABEL, len(own))
        label = ", ".join(own[:length]) or "close to average"
        while label in labels.values() and length < len(own):
            length += 1
            label = ", ".join(own[:length])
        count = 2
        unique = label
        while unique in labels.values():
            unique, count = f"{label} ({count})", count + 1
        labels[segment] = unique
    return labels


def _correlation(cleaned: pd.DataFrame) -> pd.DataFrame:
    if len(cleaned) < 2:
        return pd.DataFrame(0.0, index=cleaned.columns, columns=cleaned.columns)
    return cleaned.corr().abs().fillna(0.0)


def _phrases(z_scores: pd.Series, correlation: pd.DataFrame) -> list[str]:
    """Traits in words, strongest first; those that repeat another one come last."""
    # rounding, so that the last bit cannot decide which of two equal traits is first
    strength = z_scores.abs().round(6)
    order = strength.sort_values(ascending=False, kind="stable").index
    own, repeated = [], []
    for feature in order:
        if strength[feature] < NOTEWORTHY:
            break
        is_repeated = any(correlation.loc[feature, one] > ALIKE for one in own)
        (repeated if is_repeated else own).append(feature)
    return [_phrase(feature, z_scores[feature]) for feature in [*own, *repeated]]


def _phrase(feature: str, z_score: float) -> str:
    name = _WINDOW.sub("", feature)
    if name in _WORDS:
        return _WORDS[name][int(z_score > 0)]
    degree = "very " if abs(z_score) >= STRONG else ""
    return f"{degree}{'high' if z_score > 0 else 'low'} {name.replace('_', ' ')}"
