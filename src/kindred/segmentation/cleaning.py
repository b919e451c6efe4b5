"""Learn how to clean and scale features, apply it, and audit it.

Everything is learned on the sample and kept as rows; `apply` does in numpy, from these
rows alone, what SQL does for every user. One value goes through, in this order:

1. unknown where it is absurd: below `absurd_lower` or above `absurd_upper`, raw units,
   then held between `lower` and `upper`; a missing bound holds nothing,
2. transformed: none, log1p of max(v, 0), or Yeo-Johnson with `lambda`,
3. made standard: (v - center) / scale,
4. where it was unknown: the `fill_value` that went through the same steps, or what
   donors or a regression say of the user (see ``imputing``),
5. multiplied by its weight.

A category becomes one dimension for each of its kept levels, `<feature>_<slot>`, which
is 1 where the level matches and 0 elsewhere, and `<feature>_other` for all levels that
are too rare for a slot; or, encoded by target, one number `<feature>_target`. These are
scaled as above. Counts of items have become numbers before (see ``encoding``).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import yeojohnson, yeojohnson_normmax

from kindred.segmentation import encoding, imputing, selecting
from kindred.segmentation.artifacts import as_artifacts
from kindred.segmentation.clustering import side_by_side

Z_SCORE_LIMIT = 3.0
IQR_FACTOR = 1.5
# How far from the middle nine tenths of the values, in widths of them, a value is no part of
# the distribution; and, of a feature that is bent because it has a long tail, when it is bent.
ABSURD_FACTOR, ABSURD_BENT_FACTOR = 5.0, 1.0
QUANTILES = {
    "min": 0.0,
    "q05": 0.05,
    "q25": 0.25,
    "median": 0.5,
    "q75": 0.75,
    "q95": 0.95,
    "max": 1.0,
}
DECILES = np.arange(0.1, 1.0, 0.1)
EMPTY_SHARE = 1e-4  # stands for an empty bin, so that its logarithm exists

_CHOICES = {
    "kind": ("numeric", "category", "items"),
    "impute": ("mean", "median", "mode", "constant", "knn", "model"),
    "outlier_method": ("zscore", "iqr", "none"),
    "outlier_action": ("cap", "transform", "exclude", "none"),
    "transform": ("none", "log1p", "yeo_johnson"),
    "scale": ("standard", "minmax", "robust", "none"),
    "encode": ("none", "onehot", "target", "embedding", "shares", "entropy"),
    "selection": ("auto", "keep"),
}
_ENCODINGS = {
    "numeric": ("none",),
    "category": ("none", "onehot", "target"),
    "items": ("embedding", "shares", "entropy"),
}
_LEVELS_WATCHED = 10  # of a category encoded by target: enough to see it drift


@dataclass(frozen=True)
class Treatment:
    """How one feature is cleaned, as its row of the feature catalogue says."""

    feature: str
    is_clustered: bool
    kind: str
    impute: str
    impute_constant: str | None
    outlier_method: str
    outlier_action: str
    transform: str
    scale: str
    encode: str
    encode_top_count: int | None
    weight: float
    encode_target: str | None = None
    item_kind: str | None = None
    selection: str = "auto"
    missing_without: str | None = None

    @property
    def is_forced(self) -> bool:
        """Whether the catalogue keeps the feature whatever the selection finds."""
        return self.selection == "keep"


def read_catalog(catalog: pd.DataFrame) -> list[Treatment]:
    """The treatments of a feature catalogue, sorted by feature.

    Raises ValueError, naming the feature, for a choice that does not exist, a missing
    setting, a feature listed twice or a catalogue that clusters on nothing.
    """
    treatments = [_read_treatment(row) for row in catalog.to_dict("records")]
    treatments.sort(key=lambda treatment: treatment.feature)
    names = [treatment.feature for treatment in treatments]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"features listed twice: {', '.join(twice)}")
    if not any(treatment.is_clustered for treatment in treatments):
        raise ValueError("no feature of the catalogue is clustered")
    numeric = {treatment.feature for treatment in treatments if treatment.kind == "numeric"}
    for treatment in treatments:
        if treatment.encode_target is not None and treatment.encode_target not in numeric:
            raise ValueError(
                f"{treatment.feature}: encode_target {treatment.encode_target} is no numeric"
                " feature of the catalogue"
            )
        if treatment.missing_without is not None and treatment.missing_without not in numeric:
            raise ValueError(
                f"{treatment.feature}: missing_without {treatment.missing_without} is no numeric"
                " feature of the catalogue"
            )
    return treatments


def _read_treatment(row: dict[str, Any]) -> Treatment:
    feature = str(row["feature"])
    known = {name: None if pd.isna(value) else value for name, value in row.items()}
    left_out = {"encode_target": None, "item_kind": None, "missing_without": None}
    known = left_out | {"selection": "auto"} | known
    for name, choices in _CHOICES.items():
        if known[name] not in choices:
            raise ValueError(f"{feature}: {name} must be one of {', '.join(choices)}")

    is_category = known["kind"] == "category"
    top_count = known["encode_top_count"]
    weight = float("nan") if known["weight"] is None else float(known["weight"])
    problems = {
        "weight must be above 0": not weight > 0,
        "impute constant needs an impute_constant": known["impute"] == "constant"
        and known["impute_constant"] is None,
        "a category is imputed by mode or constant": is_category
        and known["impute"] not in ("mode", "constant"),
        "a clustered category needs an encoding": is_category
        and _truth(known["is_clustered"])
        and known["encode"] == "none",
        f"a feature of kind {known['kind']} is encoded by one of"
        f" {', '.join(_ENCODINGS[known['kind']])}": known["encode"]
        not in _ENCODINGS[known["kind"]],
        f"{known['encode']} needs an encode_top_count of 1 or more": known["encode"]
        in ("onehot", "embedding", "shares")
        and not (top_count or 0) >= 1,
        "target needs an encode_target": known["encode"] == "target"
        and known["encode_target"] is None,
        "items need an item_kind": known["kind"] == "items" and known["item_kind"] is None,
        "items are not filled by knn or model": known["kind"] == "items"
        and known["impute"] in ("knn", "model"),
        "missing_without needs an impute of knn or model": known["missing_without"] is not None
        and known["impute"] not in ("knn", "model"),
        "outlier_action transform needs a transform": known["outlier_action"] == "transform"
        and known["transform"] == "none",
        "an outlier_action needs an outlier_method": known["outlier_action"] in ("cap", "exclude")
        and known["outlier_method"] == "none",
    }
    for problem, is_so in problems.items():
        if is_so:
            raise ValueError(f"{feature}: {problem}")

    constant = known["impute_constant"]
    return Treatment(
        feature=feature,
        is_clustered=_truth(known["is_clustered"]),
        kind=known["kind"],
        impute=known["impute"],
        impute_constant=None if constant is None else str(constant),
        outlier_method=known["outlier_method"],
        outlier_action=known["outlier_action"],
        transform=known["transform"],
        scale=known["scale"],
        encode=known["encode"],
        encode_top_count=None if top_count is None else int(top_count),
        weight=weight,
        encode_target=known["encode_target"],
        item_kind=known["item_kind"],
        selection=known["selection"],
        missing_without=known["missing_without"],
    )


def _truth(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "1", "1.0")


def numbers_of(column: pd.Series) -> np.ndarray:
    """A column as floats; what is not finite is unknown, hence nan."""
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def texts_of(column: pd.Series) -> np.ndarray:
    """A column as texts, None where unknown."""
    texts = column.astype("object")
    return texts.where(texts.notna(), None).to_numpy(dtype="object")


def learn(
    sample: pd.DataFrame, treatments: list[Treatment], *, seed: int = 0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Learn the cleaning of every feature, as rows of the remembered table.

    The rows are of the records `parameter`, `level`, `encoding`, `donor` and
    `regression`. ``treatments`` are of numbers and categories. Returns the rows and, for
    each row of the sample, whether the fit may use it: a feature whose outliers are
    excluded keeps them out of scales and centres (they are scored like everyone).
    Raises ValueError when the sample lacks a feature.
    """
    missing = [t.feature for t in treatments if t.feature not in sample]
    if missing:
        raise ValueError(f"the sample lacks these features: {', '.join(missing)}")

    numeric = [t for t in treatments if t.kind == "numeric"]
    bounds, believed = {}, {}
    is_usable = np.ones(len(sample), dtype=bool)
    for treatment in numeric:
        values = numbers_of(sample[treatment.feature])
        absurd = absurd_bounds(values, treatment)
        believed[treatment.feature] = absurd, without_absurd(values, *absurd)
        bounds[treatment.feature] = _learn_bounds(values, treatment)
        if treatment.outlier_action == "exclude":
            lower, upper, _ = bounds[treatment.feature]
            with np.errstate(invalid="ignore"):
                is_usable &= ~((values < lower) | (values > upper))

    rows: list[dict[str, Any]] = []
    for treatment in numeric:
        absurd, values = believed[treatment.feature]
        rows += _learn_number(values, is_usable, treatment, bounds[treatment.feature], absurd)
    rows += _learn_imputers(sample[is_usable], numeric, Learned.read(as_artifacts(rows)), seed)
    fallbacks = {t.feature: _fallback(t) for t in numeric}
    taught = {row["feature"] for row in rows if row["record"] in ("donor", "regression")}
    for row in rows:
        asks_others = row["name"] == "impute" and row["text"] in ("knn", "model")
        if asks_others and row["feature"] not in taught:
            # nothing to learn from: one value fills the gap
            row["text"] = fallbacks[row["feature"]]

    learned = Learned.read(as_artifacts(rows))
    filled = filled_numbers(sample, learned)
    for treatment in treatments:
        if treatment.kind == "category":
            rows += _learn_category(
                texts_of(sample[treatment.feature]), filled, is_usable, treatment, seed
            )
    return _select(sample, as_artifacts(rows), filled, is_usable, treatments), is_usable


def _learn_imputers(sample, numeric, learned, seed) -> list[dict[str, Any]]:
    """`donor` and `regression` rows of the features that ask for them."""
    methods = {t.feature: t.impute for t in numeric if t.impute in ("knn", "model")}
    if not methods:
        return []
    standard = standard_numbers(sample, learned)
    fills = learned.standard_fills()
    candidates = [
        t.feature
        for t in numeric
        # numbers made of items are only there where a model clusters on them
        if t.item_kind is None and not learned.numbers[t.feature]["is_constant"]
    ]
    rows: list[dict[str, Any]] = []
    targets = sorted(name for name, method in methods.items() if method == "knn")
    learned_donors = side_by_side(
        lambda target: imputing.learn_donors(standard, fills, target, candidates, seed), targets
    )
    for target, donors in zip(targets, learned_donors, strict=True):
        if donors is None:
            continue
        for number, value in enumerate(donors.values, start=1):
            own = {"record": "donor", "feature": target, "cluster_number": number}
            rows.append({**own, "name": "value", "value": value})
            rows += [
                {**own, "name": name, "value": place[number - 1]}
                for name, place in donors.places.items()
            ]
    targets = sorted(name for name, method in methods.items() if method == "model")
    regressions = imputing.learn_regressions(standard, fills, targets, candidates)
    for target, regression in regressions.items():
        numbers = {
            "intercept": regression.intercept,
            "fill_lower": regression.lower,
            "fill_upper": regression.upper,
        } | regression.coefficients
        own = {"record": "regression", "feature": target}
        rows += [{**own, "name": name, "value": value} for name, value in numbers.items()]
    return rows


def _select(sample, rows, filled, is_usable, treatments) -> pd.DataFrame:
    """Write the verdict of the selection beside each feature, and let features leave."""
    learned = Learned.read(rows)
    verdicts = selecting.select_features(
        treatments,
        numbers={name: values[is_usable] for name, values in filled.items()},
        unknown_shares={
            t.feature: float(sample.loc[is_usable, t.feature].isna().mean())
            if is_usable.any()
            else 0.0
            for t in treatments
        },
        level_counts={
            t.feature: int(sample.loc[is_usable, t.feature].nunique())
            for t in treatments
            if t.kind == "category"
        },
        constants={name for name in learned.features if learned.numbers[name]["is_constant"]},
    )
    is_flag = rows["record"].eq("parameter") & rows["name"].eq("is_clustered")
    flags = rows.loc[is_flag, "feature"].map(lambda name: float(verdicts[name].is_clustered))
    rows.loc[is_flag, "value"] = flags.astype("float64")
    reasons = as_artifacts(
        {
            "record": "parameter",
            "feature": name,
            "name": "selection_reason",
            "text": verdict.reason,
        }
        for name, verdict in verdicts.items()
    )
    return pd.concat([rows, reasons], ignore_index=True)


def selected(treatments: list[Treatment], parameters: pd.DataFrame) -> list[Treatment]:
    """The treatments as the selection left them."""
    learned = Learned.read(parameters)
    return [replace(t, is_clustered=learned.is_clustered(t.feature)) for t in treatments]


def _learn_bounds(values: np.ndarray, treatment: Treatment) -> tuple[float, float, str | None]:
    """The range outside of which a value is an outlier; nan: no such bound."""
    if treatment.outlier_method == "none":
        return np.nan, np.nan, None
    if treatment.outlier_method == "iqr":
        lower, upper = iqr_bounds(values)
        if upper > lower:
            return lower, upper, None
        note = "the middle half is one value: bounds by z-score"
        return *z_score_bounds(values), note
    return *z_score_bounds(values), None


@np.errstate(over="ignore", invalid="ignore")
def z_score_bounds(values: np.ndarray) -> tuple[float, float]:
    """Mean less and plus three standard deviations of the known values.

    What is absurd (farther from the middle nine tenths than five times their width) is no
    part of mean and deviation: two in a hundred such values would hide themselves.
    """
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.05, 0.95])
    fence = ABSURD_FACTOR * (high - low)
    if fence > 0:
        known = known[(known >= low - fence) & (known <= high + fence)]
    if np.ptp(known) <= _rounding(known):
        # a spread that is only rounding must not make an outlier of every value
        return float(known.min()), float(known.max())
    mean, reach = known.mean(), Z_SCORE_LIMIT * known.std()
    return float(mean - reach), float(mean + reach)


@np.errstate(over="ignore", invalid="ignore")
def absurd_bounds(values: np.ndarray, treatment: Treatment) -> tuple[float, float]:
    """The range outside of which a value is taken for unknown; nan: no such bound.

    Farther from the middle nine tenths than `ABSURD_FACTOR` times their width; where the
    feature is bent, above also farther than `ABSURD_BENT_FACTOR` times their width by log1p
    (five deviations of a log-normal distribution): a long tail is not absurd. Only where the
    treatment holds or bends outliers, and the middle nine tenths are more than one value.
    """
    known = values[~np.isnan(values)]
    if treatment.outlier_action not in ("cap", "transform") or len(known) == 0:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.05, 0.95])
    width = high - low
    if not _rounding(np.array([low, high])) < width < np.inf:
        return np.nan, np.nan
    upper = high + ABSURD_FACTOR * width
    if treatment.transform != "none":
        bent_low, bent_high = np.log1p(np.maximum([low, high], 0.0))
        bent_upper = bent_high + ABSURD_BENT_FACTOR * (bent_high - bent_low)
        upper = max(upper, np.expm1(bent_upper))
    return float(low - ABSURD_FACTOR * width), float(upper)


def without_absurd(values: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Values, nan where one lies outside of the bounds; a bound that is nan refuses nothing."""
    with np.errstate(invalid="ignore"):
        return np.where((values < lower) | (values > upper), np.nan, values)


@np.errstate(over="ignore", invalid="ignore")
def iqr_bounds(values: np.ndarray) -> tuple[float, float]:
    """The quartiles less and plus 1.5 times their distance."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return np.nan, np.nan
    low, high = np.quantile(known, [0.25, 0.75])
    reach = IQR_FACTOR * (high - low)
    return float(low - reach), float(high + reach)


def _rounding(values: np.ndarray) -> float:
    return 1e-12 * max(1.0, float(np.abs(values).max(initial=0.0)))


def _learn_number(values, is_usable, treatment, bounds, absurd) -> list[dict[str, Any]]:
    known = values[~np.isnan(values)]
    is_all_null = len(known) == 0
    fill = 0.0 if is_all_null else _fill_value(known, treatment)
    outlier_lower, outlier_upper, note = bounds
    is_capped = treatment.outlier_action == "cap"
    lower, upper = (outlier_lower, outlier_upper) if is_capped else (np.nan, np.nan)

    is_guessed = treatment.impute == "model" and not is_all_null
    # what a regression says of each user has no place yet in the distribution; donors may
    # say that a gap is usual, so that the fill value is what most users with a gap have
    counted = known_and_usable(values, is_usable) if is_guessed else is_usable
    held = hold(np.where(np.isnan(values), fill, values), lower, upper)[counted]
    power = np.nan
    if treatment.transform == "yeo_johnson":
        power = _yeo_johnson_lambda(held)
    moved = transform(held, treatment.transform, power)
    center, scale, is_constant = _center_and_scale(moved, treatment.scale)
    if is_constant:
        # learned nothing, so it may say nothing about users that come later
        fill = lower = upper = float(np.median(held)) if len(held) else fill
        center = float(transform(np.array([fill]), treatment.transform, power)[0])

    numbers = {
        "fill_value": fill,
        "lower": lower,
        "upper": upper,
        "absurd_lower": absurd[0],
        "absurd_upper": absurd[1],
        "outlier_lower": outlier_lower,
        "outlier_upper": outlier_upper,
        "lambda": power,
        "center": center,
        "scale": scale,
        "weight": treatment.weight,
        "is_clustered": float(treatment.is_clustered),
        "is_constant": float(is_constant),
        "is_all_null": float(is_all_null),
    }
    texts = {
        "kind": treatment.kind,
        "impute": "constant" if is_all_null else treatment.impute,
        "outlier_method": treatment.outlier_method,
        "outlier_action": treatment.outlier_action,
        "outlier_note": note,
        "transform": treatment.transform,
        "scale_method": treatment.scale,
        "encode": treatment.encode,
        "missing_without": treatment.missing_without,
        "fallback": "constant" if is_all_null else _fallback(treatment),
    }
    return _parameter_rows(treatment.feature, numbers, texts)


def known_and_usable(values: np.ndarray, is_usable: np.ndarray) -> np.ndarray:
    """Which rows have a value; all usable ones when that leaves none."""
    known = is_usable & ~np.isnan(values)
    return known if known.any() else is_usable


def _learn_category(texts, numbers, is_usable, treatment, seed) -> list[dict[str, Any]]:
    known = pd.Series(texts[[text is not None for text in texts]], dtype="object")
    is_all_null = known.empty
    fill = treatment.impute_constant
    if treatment.impute == "mode":
        fill = "Unknown" if is_all_null else _most_frequent(known).index[0]
    rows = _parameter_rows(
        treatment.feature,
        {
            "is_clustered": float(treatment.is_clustered),
            "is_constant": float(known.nunique() <= 1),
            "is_all_null": float(is_all_null),
        },
        {
            "kind": treatment.kind,
            "fill_value": fill,
            "impute": treatment.impute,
            "scale_method": treatment.scale,
            "encode": treatment.encode,
        },
    )
    if treatment.encode == "none":
        return rows

    filled = np.array([fill if text is None else text for text in texts], dtype=object)
    counts = _most_frequent(pd.Series(filled[is_usable], dtype="object"))
    if counts.empty:
        counts = pd.Series({fill: 1})  # a model needs a dimension even without users
    shares = counts / counts.sum()
    if treatment.encode == "target":
        return (
            rows
            + _level_rows(treatment.feature, shares.head(_LEVELS_WATCHED))
            + _learn_target(filled, numbers[treatment.encode_target], is_usable, treatment, seed)
        )
    kept = shares.head(treatment.encode_top_count)
    rows += _level_rows(treatment.feature, kept)
    slots = {str(slot): filled == level for slot, level in enumerate(kept.index, start=1)}
    if len(kept) < len(shares):
        slots["other"] = ~np.isin(filled, kept.index.to_numpy(dtype=object))
        rows.append(
            {
                "record": "level",
                "feature": treatment.feature,
                "name": "other",
                "value": float(1 - kept.sum()),
            }
        )
    for slot, matches in slots.items():
        center, scale, _ = _center_and_scale(matches[is_usable].astype("float64"), treatment.scale)
        rows += _parameter_rows(
            f"{treatment.feature}_{slot}",
            {"center": center, "scale": scale, "weight": treatment.weight},
            {},
        )
    return rows


def _level_rows(feature, shares) -> list[dict[str, Any]]:
    own = {"record": "level", "feature": feature}
    return [
        {**own, "name": str(slot), "value": share, "text": level}
        for slot, (level, share) in enumerate(shares.items(), start=1)
    ]


def _learn_target(filled, target, is_usable, treatment, seed) -> list[dict[str, Any]]:
    encoded = encoding.encode_by_target(filled[is_usable], target[is_usable], seed)
    center, scale, _ = _center_and_scale(encoded.held_out, treatment.scale)
    rows = _parameter_rows(
        f"{treatment.feature}_target",
        {
            "center": center,
            "scale": scale,
            "weight": treatment.weight,
            "fill_value": encoded.rest,
        },
        {"encode_target": treatment.encode_target},
    )
    own = {"record": "encoding", "feature": treatment.feature}
    return rows + [{**own, "name": k, "value": v} for k, v in encoded.levels.items()]


def _parameter_rows(feature, numbers, texts) -> list[dict[str, Any]]:
    own = {"record": "parameter", "feature": feature}
    rows = [{**own, "name": name, "value": value} for name, value in numbers.items()]
    return rows + [{**own, "name": name, "text": text} for name, text in texts.items()]


def _fill_value(known: np.ndarray, treatment: Treatment) -> float:
    with np.errstate(over="ignore"):
        mean = float(known.mean())
    if treatment.impute == "mean" and np.isfinite(mean):
        return mean
    if treatment.impute == "knn" and treatment.impute_constant is not None:
        return float(treatment.impute_constant)
    if treatment.impute in ("mean", "median", "knn", "model"):
        return float(np.median(known))
    if treatment.impute == "mode":
        distinct, counts = np.unique(known, return_counts=True)
        return float(distinct[counts.argmax()])
    return float(treatment.impute_constant)


def _fallback(treatment: Treatment) -> str | None:
    """What the fill value is where donors or a regression have nothing to say."""
    if treatment.impute == "knn" and treatment.impute_constant is not None:
        return "constant"
    return "median" if treatment.impute in ("knn", "model") else None


def _most_frequent(texts: pd.Series) -> pd.Series:
    """Counts by falling count, then by text."""
    counts = texts.value_counts().sort_index()
    return counts.sort_values(ascending=False, kind="stable")


def _yeo_johnson_lambda(values: np.ndarray) -> float:
    if len(values) < 2 or np.ptp(values) <= _rounding(values):
        return 1.0
    with np.errstate(all="ignore"):
        try:
            power = float(yeojohnson_normmax(values))
        except (ValueError, RuntimeError):
            return 1.0
        moved = transform(values, "yeo_johnson", power)
    return power if np.isfinite(moved).all() and np.ptp(moved) > 0 else 1.0


@np.errstate(over="ignore", invalid="ignore")
def _center_and_scale(values: np.ndarray, method: str) -> tuple[float, float, bool]:
    """Centre, scale and whether the values are constant; then the scale is 1."""
    if len(values) == 0:
        return 0.0, 1.0, True
    low, high = float(values.min()), float(values.max())
    mean, spread = float(values.mean()), float(values.std())
    if high - low <= _rounding(values) or not np.isfinite([mean, spread]).all():
        return low, 1.0, True
    if method == "standard":
        return mean, spread, False
    if method == "minmax":
        return low, high - low, False
    if method == "robust":
        quarter, middle, three_quarters = np.quantile(values, [0.25, 0.5, 0.75])
        distance = float(three_quarters - quarter)
        # most values equal: the quartiles see no spread where there is some
        return float(middle), distance if distance > 0 else spread, False
    return 0.0, 1.0, False


def hold(values: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Values between two bounds; a bound that is nan holds nothing."""
    values = values if np.isnan(lower) else np.maximum(values, lower)
    return values if np.isnan(upper) else np.minimum(values, upper)


def transform(values: np.ndarray, method: str, power: float) -> np.ndarray:
    """Bend a distribution: none, log1p of max(v, 0), or yeo_johnson."""
    if method == "log1p":
        return np.log1p(np.maximum(values, 0.0))
    if method == "yeo_johnson":
        return np.asarray(yeojohnson(values, lmbda=power), dtype="float64")
    return values


@dataclass(frozen=True)
class Learned:
    """The rows of one model's cleaning, ready to look things up in."""

    numbers: dict[str, dict[str, float]]
    texts: dict[str, dict[str, str]]
    levels: dict[str, dict[str, tuple[str, float]]]
    encodings: dict[str, dict[str, float]]
    donors: dict[str, imputing.Donors]
    regressions: dict[str, imputing.Regression]

    @classmethod
    def read(cls, parameters: pd.DataFrame) -> "Learned":
        """Read the rows of one model version; records that are not of cleaning are passed over."""
        numbers: dict[str, dict[str, float]] = {}
        texts: dict[str, dict[str, str]] = {}
        levels: dict[str, dict[str, tuple[str, float]]] = {}
        encodings: dict[str, dict[str, float]] = {}
        regressions: dict[str, dict[str, float]] = {}
        columns = ["record", "feature", "name", "value", "text"]
        for record, feature, name, value, text in parameters[columns].itertuples(index=False):
            if record == "level":
                levels.setdefault(feature, {})[name] = (text, value)
            elif record == "encoding":
                encodings.setdefault(feature, {})[name] = value
            elif record == "regression":
                regressions.setdefault(feature, {})[name] = value
            elif record == "parameter":
                numbers.setdefault(feature, {})[name] = value
                if not pd.isna(text):
                    texts.setdefault(feature, {})[name] = text
        return cls(
            numbers,
            texts,
            levels,
            encodings,
            _read_donors(parameters),
            {name: _read_regression(own) for name, own in regressions.items()},
        )

    @property
    def features(self) -> list[str]:
        """All features that have a cleaning, sorted."""
        return sorted(name for name, text in self.texts.items() if "kind" in text)

    @property
    def numeric(self) -> list[str]:
        """All features that are numbers, sorted."""
        return [feature for feature in self.features if self.is_numeric(feature)]

    def is_numeric(self, feature: str) -> bool:
        """Whether the feature is a number (else a category)."""
        return self.texts[feature]["kind"] == "numeric"

    def is_clustered(self, feature: str) -> bool:
        """Whether the feature takes part in the clustering."""
        return self.numbers[feature]["is_clustered"] == 1.0

    def standard_fills(self) -> dict[str, float]:
        """The fill value of every number, as a standard value."""
        return {
            feature: float(self._placed(np.array([own["fill_value"]]), feature)[0])
            for feature, own in self.numbers.items()
            if feature in self.texts and self.texts[feature].get("kind") == "numeric"
        }

    def believed(self, values: np.ndarray, feature: str) -> np.ndarray:
        """Raw values, nan where one is absurd; a model may be older than that it is said."""
        numbers = self.numbers[feature]
        bounds = (numbers.get(name, np.nan) for name in ("absurd_lower", "absurd_upper"))
        return without_absurd(values, *bounds)

    def standard(self, values: np.ndarray, feature: str) -> np.ndarray:
        """Raw values held, transformed, and measured from the centre in scales; absurd: nan."""
        return self._placed(self.believed(values, feature), feature)

    def usual_gaps(self, frame: pd.DataFrame, feature: str) -> np.ndarray:
        """Of whom nothing else was to be expected than that the feature is unknown."""
        without = self.texts[feature].get("missing_without")
        if without is None or without not in frame:
            return np.zeros(len(frame), dtype=bool)
        return numbers_of(frame[without]) == 0

    def _placed(self, values: np.ndarray, feature: str) -> np.ndarray:
        numbers, method = self.numbers[feature], self.texts[feature]["transform"]
        held = hold(values, numbers["lower"], numbers["upper"])
        moved = transform(held, method, numbers["lambda"])
        return (moved - numbers["center"]) / numbers["scale"]


def _read_donors(parameters: pd.DataFrame) -> dict[str, imputing.Donors]:
    rows = parameters[parameters["record"].eq("donor")]
    donors = {}
    for feature, own in rows.groupby("feature"):
        table = own.pivot(index="cluster_number", columns="name", values="value").sort_index()
        places = {name: table[name].to_numpy("float64") for name in table if name != "value"}
        donors[feature] = imputing.Donors(table["value"].to_numpy("float64"), places)
    return donors


def _read_regression(numbers: dict[str, float]) -> imputing.Regression:
    own = dict(numbers)
    return imputing.Regression(
        intercept=own.pop("intercept"),
        lower=own.pop("fill_lower"),
        upper=own.pop("fill_upper"),
        coefficients=own,
    )


def standard_numbers(frame: pd.DataFrame, learned: Learned) -> dict[str, np.ndarray]:
    """Every number that the frame has, as standard values; nan where it is unknown."""
    return {
        feature: learned.standard(numbers_of(frame[feature]), feature)
        for feature in learned.numeric
        if feature in frame
    }


def filled_numbers(frame: pd.DataFrame, learned: Learned) -> dict[str, np.ndarray]:
    """The same without a gap."""
    standard = standard_numbers(frame, learned)
    return imputing.fill(
        standard,
        learned.standard_fills(),
        learned.donors,
        learned.regressions,
        {name: learned.usual_gaps(frame, name) for name in standard},
    )


def clean_numbers(frame: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Every numeric feature filled, held and transformed, but not scaled."""
    learned = Learned.read(parameters)
    filled = filled_numbers(frame, learned)
    return pd.DataFrame(
        {
            feature: values * learned.numbers[feature]["scale"] + learned.numbers[feature]["center"]
            for feature, values in filled.items()
        },
        index=frame.index,
    )


def apply(
    frame: pd.DataFrame,
    parameters: pd.DataFrame,
    *,
    encoded: dict[str, np.ndarray] | None = None,
) -> pd.DataFrame:
    """The point of each user in the space of the clustering.

    ``frame`` holds the raw features, ``parameters`` the rows of one model version.
    ``encoded`` replaces, for the users of a fit, what a category encoded by target says
    of them (see ``held_out_encodings``). Returns one column per dimension, sorted by
    name, and the index of the frame. Raises KeyError when the frame lacks a clustered
    feature.
    """
    learned = Learned.read(parameters)
    clustered = list(filter(learned.is_clustered, learned.features))
    lacking = [feature for feature in clustered if feature not in frame]
    if lacking:
        raise KeyError(f"no such features: {', '.join(lacking)}")
    filled = filled_numbers(frame, learned)
    points = {}
    for feature in clustered:
        if learned.is_numeric(feature):
            points[feature] = filled[feature] * learned.numbers[feature]["weight"]
            continue
        given = (encoded or {}).get(feature)
        for dimension, values in _encode(frame[feature], feature, learned, given).items():
            numbers = learned.numbers[dimension]
            points[dimension] = (values - numbers["center"]) / numbers["scale"] * numbers["weight"]
    return pd.DataFrame({name: points[name] for name in sorted(points)}, index=frame.index)


def _encode(column, feature, learned, encoded) -> dict[str, np.ndarray]:
    fill = learned.texts[feature]["fill_value"]
    filled = np.array([fill if text is None else text for text in texts_of(column)], dtype=object)
    if learned.texts[feature]["encode"] == "target":
        dimension = f"{feature}_target"
        if encoded is None:
            rest = learned.numbers[dimension]["fill_value"]
            levels = learned.encodings.get(feature, {})
            encoded = np.array([levels.get(text, rest) for text in filled], dtype="float64")
        return {dimension: encoded}
    slots = {
        name: filled == level
        for name, (level, _) in learned.levels.get(feature, {}).items()
        if name != "other"
    }
    if "other" in learned.levels.get(feature, {}):
        seen = np.logical_or.reduce([np.zeros(len(filled), dtype=bool), *slots.values()])
        slots["other"] = ~seen
    return {f"{feature}_{name}": is_so.astype("float64") for name, is_so in slots.items()}


def held_out_encodings(
    sample: pd.DataFrame,
    parameters: pd.DataFrame,
    treatments: list[Treatment],
    is_usable: np.ndarray,
    *,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """What each category encoded by target says of the users of the fit.

    Each user's own target stays out of the number that stands for their level: it is
    learned on the other folds. (Else a category with few users a level would tell the
    target of each of them.) Users that the fit does not use get what all others get.
    """
    learned = Learned.read(parameters)
    filled = filled_numbers(sample, learned)
    encoded = {}
    for treatment in treatments:
        if treatment.encode == "target":
            feature = treatment.feature
            values = _encode(sample[feature], feature, learned, None)[f"{feature}_target"]
            fill = learned.texts[feature]["fill_value"]
            texts = texts_of(sample[feature])
            levels = np.array([fill if text is None else text for text in texts], dtype=object)
            target = filled[treatment.encode_target]
            own = encoding.encode_by_target(levels[is_usable], target[is_usable], seed)
            values[is_usable] = own.held_out
            encoded[feature] = values
    return encoded


def audit(
    sample: pd.DataFrame,
    parameters: pd.DataFrame,
    is_usable: np.ndarray,
    reference: pd.DataFrame,
) -> pd.DataFrame:
    """`quality` rows of every feature: what was unknown, outlying, changed.

    Quantiles, mean and standard deviation (``std``) are of the known raw values
    (``_before``) and of the values filled, held and transformed (``_after``).
    ``rows_changed`` counts values that were filled or held; ``rows_excluded`` those
    that kept a user out of the fit. The deciles and their shares are kept so that the
    next run can say how far the distribution moved: ``psi``, against ``reference``,
    the rows of an earlier model; null where there is none.
    """
    learned, before = Learned.read(parameters), Learned.read(reference)
    filled = filled_numbers(sample, learned)
    rows: list[dict[str, Any]] = []
    for feature in learned.features:
        column = sample[feature]
        if learned.is_numeric(feature):
            numbers = _audit_number(column, filled[feature], feature, learned)
        else:
            texts = texts_of(column)
            unknown = sum(text is None for text in texts)
            numbers = {
                "null_count": unknown,
                "null_share": unknown / max(len(texts), 1),
                "rows_changed": unknown,
            }
        numbers["psi"] = drift_of(column, feature, learned, before, reference)
        own = {"record": "quality", "feature": feature}
        rows += [{**own, "name": name, "value": v} for name, v in numbers.items()]
        if not learned.is_numeric(feature):
            fill = learned.texts[feature]["fill_value"]
            rows.append({**own, "name": "fill_value", "text": fill})
    return as_artifacts(rows)


def _audit_number(column, filled, feature, learned) -> dict[str, float]:
    parameters = learned.numbers[feature]
    raw = numbers_of(column)
    known = raw[~np.isnan(raw)]
    held = hold(learned.believed(raw, feature), parameters["lower"], parameters["upper"])
    excluded = 0
    if learned.texts[feature]["outlier_action"] == "exclude":
        lower, upper = parameters["outlier_lower"], parameters["outlier_upper"]
        excluded = int(((known < lower) | (known > upper)).sum())

    numbers: dict[str, float] = {
        "row_count": len(raw),
        "null_count": len(raw) - len(known),
        "null_share": (len(raw) - len(known)) / max(len(raw), 1),
        "absurd_count": int(np.isnan(learned.believed(known, feature)).sum()),
        "fill_value": parameters["fill_value"],
    }
    for method, (lower, upper) in {
        "z": z_score_bounds(raw),
        "iqr": iqr_bounds(raw),
    }.items():
        outside = (known < lower) | (known > upper)
        numbers[f"outlier_{method}_count"] = int(outside.sum())
        numbers[f"outlier_{method}_lower"] = lower
        numbers[f"outlier_{method}_upper"] = upper
    numbers["rows_changed"] = int((np.isnan(raw) | (held != raw)).sum())
    numbers["rows_excluded"] = excluded
    after = filled * parameters["scale"] + parameters["center"]
    numbers |= _distribution(known, "before") | _distribution(after, "after")
    return numbers | decile_profile(raw)


@np.errstate(over="ignore", invalid="ignore")
def _distribution(values: np.ndarray, moment: str) -> dict[str, float]:
    if len(values) == 0:
        names = [*QUANTILES, "mean", "std"]
        return {f"{name}_{moment}": np.nan for name in names}
    quantiles = np.quantile(values, list(QUANTILES.values()))
    numbers = {
        f"{name}_{moment}": float(value) for name, value in zip(QUANTILES, quantiles, strict=True)
    }
    numbers[f"mean_{moment}"] = float(values.mean())
    numbers[f"std_{moment}"] = float(values.std())
    return numbers


def decile_profile(raw: np.ndarray) -> dict[str, float]:
    """Deciles of the known values, and the share of rows in each bin they cut.

    Bin n holds what is above decile n - 1 and at most decile n. Where one value fills
    several bins, the first of them holds it. The unknown have a bin of their own.
    """
    known = raw[~np.isnan(raw)]
    edges = np.full(len(DECILES), np.nan)
    if len(known):
        edges = np.quantile(known, DECILES)
    profile = {f"decile_{n}": edge for n, edge in enumerate(edges, start=1)}
    shares = _bin_shares(raw, edges)
    profile |= {f"decile_share_{n}": s for n, s in enumerate(shares[:-1], start=1)}
    profile["decile_share_null"] = shares[-1]
    return {name: float(value) for name, value in profile.items()}


def _bin_shares(raw: np.ndarray, edges: np.ndarray) -> np.ndarray:
    known = raw[~np.isnan(raw)]
    bins = np.searchsorted(edges, known, side="left")
    counts = np.bincount(bins, minlength=len(edges) + 1).astype("float64")
    return np.append(counts, len(raw) - len(known)) / max(len(raw), 1)


def drift_of(
    column: pd.Series,
    feature: str,
    learned: Learned,
    before: Learned,
    reference: pd.DataFrame,
) -> float:
    """Population stability index of a column against an earlier model's sample.

    0 is the same distribution; above 0.25 is commonly read as a real shift. Nan when
    the earlier model did not have the feature, or nothing can be compared.
    """
    if feature not in before.texts or len(column) == 0:
        return float("nan")
    is_made_of_items = reference["record"].eq("vector") & reference["feature"].eq(feature)
    if before is not learned and is_made_of_items.any():
        return float("nan")  # each fit draws its own directions of items
    if learned.is_numeric(feature) and before.is_numeric(feature):
        mine = reference["record"].eq("quality") & reference["feature"].eq(feature)
        kept = reference[mine].set_index("name")["value"]
        edges = kept.reindex([f"decile_{n}" for n in range(1, 10)]).to_numpy()
        names = [f"decile_share_{n}" for n in range(1, 11)] + ["decile_share_null"]
        return stability_index(
            kept.reindex(names).to_numpy(), _bin_shares(numbers_of(column), edges)
        )
    levels = dict(before.levels.get(feature, {}))
    levels.pop("other", None)  # the rest makes a bin of its own below
    if learned.is_numeric(feature) or not levels:
        return float("nan")
    fill = learned.texts[feature]["fill_value"]
    texts = pd.Series(texts_of(column), dtype="object").fillna(fill)
    expected = np.array([share for _, share in levels.values()])
    actual = np.array([texts.eq(level).mean() for level, _ in levels.values()])
    return stability_index(
        np.append(expected, max(1 - expected.sum(), 0.0)),
        np.append(actual, max(1 - actual.sum(), 0.0)),
    )


def stability_index(expected: np.ndarray, actual: np.ndarray) -> float:
    """Population stability index of two lists of shares over the same bins."""
    if np.isnan(expected).any() or expected.sum() == 0:
        return float("nan")
    seen = (expected > 0) | (actual > 0)
    one = np.maximum(expected[seen], EMPTY_SHARE)
    other = np.maximum(actual[seen], EMPTY_SHARE)
    return float(((other - one) * np.log(other / one)).sum())
