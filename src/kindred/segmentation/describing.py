"""Say in plain words what a segment is: its traits, a label made of them, a short rule."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from kindred.segmentation.artifacts import as_artifacts
from kindred.segmentation.cleaning import Learned, Treatment, clean_numbers, numbers_of
from kindred.segmentation.guessing import is_held_out

NOTEWORTHY = 0.30  # standard deviations from the mean at which a trait is mentioned
STRONG = 1.50  # and from which it is "very"
ALIKE = 0.75  # correlation above which two features say the same thing
TRAITS_IN_LABEL = 2
RULE_DEPTH = 3  # conditions in one branch of a rule, at most
RULE_BRANCHES = 2  # branches that a rule joins by "or", at most
BRANCH_GAIN = 0.02  # F1 that a second branch must add to be worth its words
WORDS_GAIN = 0.01  # F1 that one more condition must add to be worth its words
SMALLEST_LEAF = 5  # users that a branch must hold
# a tree holds numbers of 32 bits; what lies beyond this is beyond every threshold
TREE_LIMIT = 1e30

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


@dataclass(frozen=True)
class _Condition:
    """A bound on one feature in original units; what is unknown counts as ``fill``."""

    feature: str
    is_lower: bool  # a lower bound, and the value itself may lie in for whole numbers
    threshold: float
    is_whole: bool
    fill: float

    @property
    def operator(self) -> str:
        if self.is_whole:
            return ">=" if self.is_lower else "<="
        return ">" if self.is_lower else "<="

    @property
    def text(self) -> str:
        return f"{self.feature} {self.operator} {self.threshold:.10g}"

    @property
    def sql(self) -> str:
        bound = f"{self.operator} {self.threshold:.10g}"
        return f"coalesce({self.feature}, {self.fill:.10g}) {bound}"

    def holds(self, values: pd.DataFrame) -> np.ndarray:
        column = values[self.feature].to_numpy()
        if not self.is_lower:
            return column <= self.threshold
        return column >= self.threshold if self.is_whole else column > self.threshold


def describe_rules(
    sample: pd.DataFrame,
    treatments: list[Treatment],
    labels: np.ndarray,
    segments: list[str],
) -> pd.DataFrame:
    """`rule` rows of each segment: a short rule in original units, and how true it is.

    Arguments as for `describe_segments`. For each segment a shallow tree is grown that
    tells it from the rest by numeric features of the catalogue; of its nodes the one
    with the best F1 is the rule, or one with fewer conditions and at most WORDS_GAIN
    less, with a second one after "or" where that is worth BRANCH_GAIN. Thresholds are
    rounded before anything is measured, so the numbers are those of the rule as it
    reads. Unknown values count as the catalogue's constant, else as the median of the
    known ones.

    Texts: ``rule`` for people, ``condition`` the same for SQL over the features. Numbers,
    each on the users that `is_held_out`, from whom no tree learns (nan without any):
    ``fidelity`` the share on whom rule and segment agree, ``precision`` and ``recall`` of
    the rule, and ``held_out_count``. A single segment is "everyone", a segment without
    members "no one".
    """
    values, wholes, fills = _original_units(sample, treatments)
    held_out = is_held_out(sample["user_id"])
    rows = []
    for place, segment in enumerate(segments):
        is_member = labels == place
        branches = []
        if len(segments) == 1:
            text, sql, holds = "everyone", "1 = 1", np.ones(len(sample), dtype=bool)
        else:
            branches = _branches(values[~held_out], is_member[~held_out], wholes, fills)
            holds = _holds(branches, values)
            text = " or ".join(" and ".join(c.text for c in branch) for branch in branches)
            sql = " or ".join(
                "(" + " and ".join(c.sql for c in branch) + ")" for branch in branches
            )
            text, sql = text or "no one", sql or "1 = 0"
        own = {"record": "rule", "segment_id": segment}
        numbers = _agreement(holds[held_out], is_member[held_out])
        rows += [{**own, "name": "rule", "text": text}, {**own, "name": "condition", "text": sql}]
        rows += [{**own, "name": name, "value": value} for name, value in numbers.items()]
    return as_artifacts(rows)


def _original_units(sample, treatments) -> tuple[pd.DataFrame, set[str], dict[str, float]]:
    """Numeric features with unknowns filled, which hold whole numbers, and the fills."""
    columns, wholes, fills = {}, set(), {}
    for treatment in treatments:
        if treatment.kind != "numeric":
            continue
        raw = numbers_of(sample[treatment.feature])
        known = raw[~np.isnan(raw)]
        is_whole = bool(len(known)) and bool((known == np.round(known)).all())
        fill = float(f"{np.median(known):.3g}") if len(known) else 0.0
        if treatment.impute == "constant":
            fill = float(treatment.impute_constant)
        if is_whole:
            wholes.add(treatment.feature)
        fills[treatment.feature] = fill
        columns[treatment.feature] = np.where(np.isnan(raw), fill, raw)
    return pd.DataFrame(columns, index=range(len(sample))), wholes, fills


def _branches(values, is_member, wholes, fills) -> list[list[_Condition]]:
    if values.shape[1] == 0 or not is_member.any() or is_member.all():
        return []
    tree = DecisionTreeClassifier(
        max_depth=RULE_DEPTH,
        min_samples_leaf=SMALLEST_LEAF,
        class_weight="balanced",
        random_state=0,
    ).fit(values.clip(-TREE_LIMIT, TREE_LIMIT), is_member)
    found = [_simplified(path, wholes, fills) for path in _paths(tree.tree_, list(values.columns))]
    chosen, best = [], 0.0
    while len(chosen) < RULE_BRANCHES:
        scores = [_f1(_holds([*chosen, branch], values), is_member) for branch in found]
        score = max(scores, default=0.0)
        if score < best + (BRANCH_GAIN if chosen else 1e-12):
            break
        as_good = [number for number, one in enumerate(scores) if one >= score - WORDS_GAIN]
        pick = min(as_good, key=lambda one: (len(found[one]), -scores[one]))
        chosen, best = [*chosen, found[pick]], scores[pick]
    return chosen


def _paths(tree, features) -> list[list[tuple[str, bool, float]]]:
    """The ways from the root to each other node: feature, is a lower bound, threshold."""
    paths, open_ways = [], [(0, [])]
    while open_ways:
        node, way = open_ways.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if way:
            paths.append(way)
        if left == right:
            continue
        feature, threshold = features[tree.feature[node]], float(tree.threshold[node])
        open_ways.append((right, [*way, (feature, True, threshold)]))
        open_ways.append((left, [*way, (feature, False, threshold)]))
    return paths


def _simplified(path, wholes, fills) -> list[_Condition]:
    """The tightest bounds of a path, one a feature and side, thresholds as they read."""
    tightest: dict[tuple[str, bool], float] = {}
    for feature, is_lower, threshold in path:
        key = (feature, is_lower)
        pick = max if is_lower else min
        tightest[key] = pick(tightest.get(key, threshold), threshold)
    return [
        _Condition(
            feature,
            is_lower,
            _readable(threshold, is_lower, feature in wholes),
            feature in wholes,
            fills[feature],
        )
        for (feature, is_lower), threshold in tightest.items()
    ]


def _readable(threshold: float, is_lower: bool, is_whole: bool) -> float:
    if is_whole:
        return float(np.ceil(threshold) if is_lower else np.floor(threshold))
    return float(f"{threshold:.3g}")


def _holds(branches: list[list[_Condition]], values: pd.DataFrame) -> np.ndarray:
    holds = np.zeros(len(values), dtype=bool)
    for branch in branches:
        holds |= np.logical_and.reduce(
            [condition.holds(values) for condition in branch] or [np.ones(len(values), bool)]
        )
    return holds


def _f1(holds: np.ndarray, is_member: np.ndarray) -> float:
    either = holds.sum() + is_member.sum()
    return float(2 * (holds & is_member).sum() / either) if either else 0.0


def _agreement(holds: np.ndarray, is_member: np.ndarray) -> dict[str, float]:
    both = float((holds & is_member).sum())
    return {
        "fidelity": float((holds == is_member).mean()) if len(holds) else np.nan,
        "precision": both / holds.sum() if holds.any() else np.nan,
        "recall": both / is_member.sum() if is_member.any() else np.nan,
        "held_out_count": float(len(holds)),
    }
