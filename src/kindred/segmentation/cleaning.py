"""Learn how to clean and scale features, apply it, and audit it.

Everything is learned on the sample and kept as rows; `apply` does in numpy, from these
rows alone, what SQL does for every user. One value goes through, in this order:

1. `fill_value` where it is unknown,
2. held between `lower` and `upper`, raw units, a missing bound holds nothing,
3. transformed: none, log1p of max(v, 0), or Yeo-Johnson with `lambda`,
4. (v - center) / scale * weight.

A category becomes one dimension for each of its kept levels, `<feature>_<slot>`, which
is 1 where the level matches and 0 elsewhere, then scaled as above. Every other level
is 0 in all of them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import yeojohnson, yeojohnson_normmax

from kindred.segmentation.artifacts import as_artifacts

Z_SCORE_LIMIT = 3.0
IQR_FACTOR = 1.5
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
    "kind": ("numeric", "category"),
    "impute": ("mean", "median", "mode", "constant"),
    "outlier_method": ("zscore", "iqr", "none"),
    "outlier_action": ("cap", "transform", "exclude", "none"),
    "transform": ("none", "log1p", "yeo_johnson"),
    "scale": ("standard", "minmax", "robust", "none"),
    "encode": ("none", "onehot"),
}


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
    return treatments


def _read_treatment(row: dict[str, Any]) -> Treatment:
    feature = str(row["feature"])
    known = {name: None if pd.isna(value) else value for name, value in row.items()}
    for name, choices in _CHOICES.items():
        if known[name] not in choices:
            raise ValueError(f"{feature}: {name} must be one of {', '.join(choices)}")

    is_category = known["kind"] == "category"
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
        "onehot needs a category and encode_top_count": known["encode"] == "onehot"
        and not (is_category and (known["encode_top_count"] or 0) >= 1),
        "outlier_action transform needs a transform": known["outlier_action"] == "transform"
        and known["transform"] == "none",
        "an outlier_action needs an outlier_method": known["outlier_action"] in ("cap", "exclude")
        and known["outlier_method"] == "none",
    }
    for problem, is_so in problems.items():
        if is_so:
            raise ValueError(f"{feature}: {problem}")

    constant, top_count = known["impute_constant"], known["encode_top_count"]
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


def learn(sample: pd.DataFrame, treatments: list[Treatment]) -> tuple[pd.DataFrame, np.ndarray]:
    """Learn the cleaning of every feature, as `parameter` and `level` rows.

    Returns the rows and, for each row of the sample, whether the fit may use it: a
    feature whose outliers are excluded keeps them out of scales and centres (they are
    scored like everyone). Raises ValueError when the sample lacks a feature.
    """
    missing = [t.feature for t in treatments if t.feature not in sample]
    if missing:
        raise ValueError(f"the sample lacks these features: {', '.join(missing)}")

    bounds = {}
    is_usable = np.ones(len(sample), dtype=bool)
    for treatment in treatments:
        if treatment.kind == "numeric":
            values = numbers_of(sample[treatment.feature])
            bounds[treatment.feature] = _learn_bounds(values, treatment)
            if treatment.outlier_action == "exclude":
                lower, upper, _ = bounds[treatment.feature]
                with np.errstate(invalid="ignore"):
                    is_usable &= ~((values < lower) | (values > upper))

    rows: list[dict[str, Any]] = []
    for treatment in treatments:
        column = sample[treatment.feature]
        if treatment.kind == "numeric":
            rows += _learn_number(
                numbers_of(column), is_usable, treatment, bounds[treatment.feature]
            )
        else:
            rows += _learn_category(texts_of(column), is_usable, treatment)
    return as_artifacts(rows), is_usable


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
    """Mean less and plus three standard deviations of the known values."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return np.nan, np.nan
    if np.ptp(known) <= _rounding(known):
        # a spread that is only rounding must not make an outlier of every value
        return float(known.min()), float(known.max())
    mean, reach = known.mean(), Z_SCORE_LIMIT * known.std()
    return float(mean - reach), float(mean + reach)


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


def _learn_number(values, is_usable, treatment, bounds) -> list[dict[str, Any]]:
    known = values[~np.isnan(values)]
    is_all_null = len(known) == 0
    fill = 0.0 if is_all_null else _fill_value(known, treatment)
    outlier_lower, outlier_upper, note = bounds
    is_capped = treatment.outlier_action == "cap"
    lower, upper = (outlier_lower, outlier_upper) if is_capped else (np.nan, np.nan)

    held = hold(np.where(np.isnan(values), fill, values), lower, upper)[is_usable]
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
    }
    return _parameter_rows(treatment.feature, numbers, texts)


def _learn_category(texts, is_usable, treatment) -> list[dict[str, Any]]:
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
    top_levels = shares.head(treatment.encode_top_count).items()
    for slot, (level, share) in enumerate(top_levels, start=1):
        matches = (filled[is_usable] == level).astype("float64")
        center, scale, _ = _center_and_scale(matches, treatment.scale)
        rows.append(
            {
                "record": "level",
                "feature": treatment.feature,
                "name": str(slot),
                "value": share,
                "text": level,
            }
        )
        rows += _parameter_rows(
            f"{treatment.feature}_{slot}",
            {"center": center, "scale": scale, "weight": treatment.weight},
            {},
        )
    return rows


def _parameter_rows(feature, numbers, texts) -> list[dict[str, Any]]:
    own = {"record": "parameter", "feature": feature}
    rows = [{**own, "name": name, "value": value} for name, value in numbers.items()]
    return rows + [{**own, "name": name, "text": text} for name, text in texts.items()]


def _fill_value(known: np.ndarray, treatment: Treatment) -> float:
    with np.errstate(over="ignore"):
        mean = float(known.mean())
    if treatment.impute == "mean" and np.isfinite(mean):
        return mean
    if treatment.impute in ("mean", "median"):
        return float(np.median(known))
    if treatment.impute == "mode":
        distinct, counts = np.unique(known, return_counts=True)
        return float(distinct[counts.argmax()])
    return float(treatment.impute_constant)


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

    @classmethod
    def read(cls, parameters: pd.DataFrame) -> "Learned":
        """Read `parameter` and `level` rows of one model version."""
        numbers: dict[str, dict[str, float]] = {}
        texts: dict[str, dict[str, str]] = {}
        levels: dict[str, dict[str, tuple[str, float]]] = {}
        columns = ["record", "feature", "name", "value", "text"]
        for record, feature, name, value, text in parameters[columns].itertuples(index=False):
            if record == "level":
                levels.setdefault(feature, {})[name] = (text, value)
            elif record == "parameter":
                numbers.setdefault(feature, {})[name] = value
                if not pd.isna(text):
                    texts.setdefault(feature, {})[name] = text
        return cls(numbers, texts, levels)

    @property
    def features(self) -> list[str]:
        """All features that have a cleaning, sorted."""
        return sorted(name for name, text in self.texts.items() if "kind" in text)

    def is_numeric(self, feature: str) -> bool:
        """Whether the feature is a number (else a category)."""
        return self.texts[feature]["kind"] == "numeric"

    def is_clustered(self, feature: str) -> bool:
        """Whether the feature takes part in the clustering."""
        return self.numbers[feature]["is_clustered"] == 1.0


def clean_numbers(frame: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Every numeric feature filled, held and transformed, but not scaled."""
    learned = Learned.read(parameters)
    return pd.DataFrame(
        {
            feature: _clean_number(frame[feature], feature, learned)
            for feature in learned.features
            if learned.is_numeric(feature)
        },
        index=frame.index,
    )


def _clean_number(column: pd.Series, feature: str, learned: Learned) -> np.ndarray:
    numbers, method = learned.numbers[feature], learned.texts[feature]["transform"]
    values = numbers_of(column)
    values = np.where(np.isnan(values), numbers["fill_value"], values)
    values = hold(values, numbers["lower"], numbers["upper"])
    return transform(values, method, numbers["lambda"])


def apply(frame: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """The point of each user in the space of the clustering.

    ``frame`` holds the raw features, ``parameters`` the `parameter` and `level` rows of
    one model version. Returns one column per dimension, sorted by name, and the index
    of the frame. Raises KeyError when the frame lacks a clustered feature.
    """
    learned = Learned.read(parameters)
    points = {}
    for feature in filter(learned.is_clustered, learned.features):
        if learned.is_numeric(feature):
            points[feature] = _clean_number(frame[feature], feature, learned)
        else:
            fill = learned.texts[feature]["fill_value"]
            texts = texts_of(frame[feature])
            filled = np.array([fill if t is None else t for t in texts], dtype=object)
            for slot, (level, _) in learned.levels.get(feature, {}).items():
                points[f"{feature}_{slot}"] = (filled == level).astype("float64")
    scaled = {}
    for dimension in sorted(points):
        numbers = learned.numbers[dimension]
        scaled[dimension] = (
            (points[dimension] - numbers["center"]) / numbers["scale"] * numbers["weight"]
        )
    return pd.DataFrame(scaled, index=frame.index)


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
    rows: list[dict[str, Any]] = []
    for feature in learned.features:
        column = sample[feature]
        if learned.is_numeric(feature):
            numbers = _audit_number(column, feature, learned, is_usable)
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


def _audit_number(column, feature, learned, is_usable) -> dict[str, float]:
    parameters = learned.numbers[feature]
    raw = numbers_of(column)
    known = raw[~np.isnan(raw)]
    filled = np.where(np.isnan(raw), parameters["fill_value"], raw)
    held = hold(filled, parameters["lower"], parameters["upper"])
    excluded = 0
    if learned.texts[feature]["outlier_action"] == "exclude":
        lower, upper = parameters["outlier_lower"], parameters["outlier_upper"]
        excluded = int(((known < lower) | (known > upper)).sum())

    numbers: dict[str, float] = {
        "row_count": len(raw),
        "null_count": len(raw) - len(known),
        "null_share": (len(raw) - len(known)) / max(len(raw), 1),
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
    after = _clean_number(column, feature, learned)
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
    if learned.is_numeric(feature) and before.is_numeric(feature):
        mine = reference["record"].eq("quality") & reference["feature"].eq(feature)
        kept = reference[mine].set_index("name")["value"]
        edges = kept.reindex([f"decile_{n}" for n in range(1, 10)]).to_numpy()
        names = [f"decile_share_{n}" for n in range(1, 11)] + ["decile_share_null"]
        return stability_index(
            kept.reindex(names).to_numpy(), _bin_shares(numbers_of(column), edges)
        )
    levels = before.levels.get(feature)
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
