"""The one entry point: fit a new model when one is due, as rows to remember."""

from dataclasses import dataclass
from hashlib import md5
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from kindred.segmentation import artifacts, cleaning, clustering, describing, encoding, matching
from kindred.segmentation.cleaning import Treatment
from kindred.segmentation.clustering import Guards, Trial

KEY = "user_id"
MONEY_FEATURE = "revenue_365d"


@dataclass(frozen=True)
class _Champion:
    """The model in force, and where it puts the users of the fit."""

    version: str | None
    segments: list[str]
    rows: pd.DataFrame
    labels: np.ndarray | None  # None: no champion, or it cannot score this sample


def fit_when_due(
    sample: pd.DataFrame,
    catalog: pd.DataFrame,
    memory: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    seed: int,
    segment_count_min: int,
    segment_count_max: int,
    refit_after_days: float,
    guards: Guards | None = None,
    items: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Fit a model when one is due and return the new rows of the remembered table.

    ``sample`` has one row per user: ``user_id`` and the raw features of the catalogue,
    unknown values null, rows and columns in any order. ``catalog`` is the seed
    feature_catalog. ``memory`` holds every earlier row (a frame without columns will
    do). ``as_of`` is a moment in UTC. ``items`` counts what the users of the sample did
    with which item (see ``encoding.learn_vectors``); without any, features of kind items
    are unknown for everyone.

    A fit is due when there is no model, or the last fit (promoted or not) is
    ``refit_after_days`` old. Otherwise, and when this ``as_of`` was fitted before, the
    result has no rows, and the same columns and types.

    Rows depend on the arguments only. Whatever the sample is like, a first fit yields
    a model that can score everyone, if need be with one segment. Raises ValueError for
    a user listed twice or unnamed, a feature that the sample lacks, a catalogue that
    makes no sense, or a range of counts that does not lie in 2 and up.
    """
    if not 2 <= segment_count_min <= segment_count_max:
        raise ValueError("segment counts must satisfy 2 <= minimum <= maximum")
    guards = guards or Guards()
    moment = _utc(as_of)
    past = artifacts.as_artifacts(memory)
    if not _is_due(past, moment, refit_after_days):
        return artifacts.empty_artifacts()

    catalogued = cleaning.read_catalog(catalog)
    users = _in_order(sample)
    items = _items_of(users, items)
    vectors = encoding.learn_vectors(items, catalogued, seed=seed)
    users = users.join(encoding.embed(items, vectors, catalogued, users[KEY]))
    treatments = encoding.with_dimensions(catalogued)
    parameters, is_usable = cleaning.learn(users, treatments, seed=seed)
    held_out = cleaning.held_out_encodings(users, parameters, treatments, is_usable, seed=seed)
    everyone = cleaning.apply(users, parameters, encoded=held_out)
    treatments = cleaning.selected(treatments, parameters)
    fitted = users[is_usable].reset_index(drop=True)
    points = everyone.to_numpy("float64")[is_usable]

    champion = _champion(past, fitted, items, catalogued)
    trials = clustering.choose_clusters(
        points,
        count_min=segment_count_min,
        count_max=segment_count_max,
        seed=seed,
        guards=guards,
        start=_start(points, champion.labels),
    )
    chosen = next(trial for trial in trials if trial.is_chosen)
    money = _money_feature(treatments)
    chosen = _rank_centers(chosen, points, fitted[money])
    labels = clustering.nearest(points, chosen.centers)
    lineage = matching.match_segments(
        labels,
        new_count=chosen.cluster_count,
        old_labels=champion.labels,
        old_segments=champion.segments,
        next_number=artifacts.next_segment_number(past),
    )
    segments = lineage["segment_id"].head(chosen.cluster_count).tolist()

    quality = cleaning.audit(users, parameters, is_usable, champion.rows)
    latest = artifacts.of_model(past, artifacts.last_fitted_model(past))
    verdict = _verdict(chosen, points, users, champion, parameters, quality, latest, seed, guards)
    version = f"v{_stamp(moment)}"
    rows = [
        vectors,
        parameters,
        _center_rows(chosen, segments, list(everyone.columns)),
        _spread_rows(points, chosen, labels, segments),
        _trial_rows(trials),
        _model_rows(
            chosen,
            verdict,
            treatments,
            guards,
            moment=moment,
            seed=seed,
            sample_size=len(users),
            fit_size=len(points),
            money=money,
        ),
        _status_rows(version, champion.version, verdict, past),
        _lineage_rows(lineage),
        describing.describe_segments(fitted, parameters, labels, segments),
        quality,
    ]
    return artifacts.seal(
        pd.concat(rows, ignore_index=True),
        run_id=f"fit_{_stamp(moment)}",
        as_of=moment,
        model_version=version,
    )


def _utc(as_of: Any) -> pd.Timestamp:
    moment = pd.Timestamp(as_of)
    if pd.isna(moment):
        raise ValueError("as_of must be a moment")
    if moment.tzinfo is not None:
        moment = moment.tz_convert("UTC").tz_localize(None)
    return moment.as_unit("us")


def _stamp(moment: pd.Timestamp) -> str:
    """A moment as part of a name; microseconds only where there are some."""
    text = f"{moment:%Y-%m-%dT%H%M%S}"
    return f"{text}.{moment.microsecond:06d}" if moment.microsecond else text


def _is_due(memory: pd.DataFrame, moment: pd.Timestamp, refit_after_days: float) -> bool:
    fits = memory.loc[memory["record"].eq("model"), "as_of"]
    if fits.empty:
        return True
    age = moment - fits.max()
    return age > pd.Timedelta(0) and age >= pd.Timedelta(days=refit_after_days)


def _in_order(sample: pd.DataFrame) -> pd.DataFrame:
    keys = sample[KEY]
    if keys.isna().any():
        raise ValueError(f"{KEY} must not be null")
    if keys.duplicated().any():
        raise ValueError(f"{KEY} must be unique: features are one row per user")
    return sample.sort_values(KEY, ignore_index=True)


def _items_of(users: pd.DataFrame, items: pd.DataFrame | None) -> pd.DataFrame:
    if items is None:
        return pd.DataFrame(columns=[KEY, "item_kind", "item", "item_count"])
    return items[items[KEY].isin(users[KEY])].reset_index(drop=True)


def _money_feature(treatments: list[Treatment]) -> str:
    numeric = [t.feature for t in treatments if t.kind == "numeric"]
    if MONEY_FEATURE in numeric:
        return MONEY_FEATURE
    clustered = [t.feature for t in treatments if t.is_clustered]
    return next((name for name in clustered if name in numeric), clustered[0])


def _champion(
    memory: pd.DataFrame, fitted: pd.DataFrame, items: pd.DataFrame, treatments: list[Treatment]
) -> _Champion:
    """Read the champion and let it label the users of the fit, by its own vectors of items."""
    version = artifacts.current_champion(memory)
    rows = artifacts.of_model(memory, version)
    segments, centers = read_centers(rows)
    labels = None
    if version is not None and len(fitted):
        embedded = encoding.embed(items, rows, treatments, fitted[KEY])
        try:
            points = cleaning.apply(fitted.assign(**embedded), rows)[list(centers.columns)]
        except (KeyError, ValueError):
            points = None  # it was fitted on features that are gone, or are texts now
        if points is not None:
            labels = clustering.nearest(points.to_numpy("float64"), centers.to_numpy("float64"))
    return _Champion(version, segments, rows, labels)


def read_centers(rows: pd.DataFrame) -> tuple[list[str], pd.DataFrame]:
    """Segments of a model in order, and their centres: a row each."""
    centers = rows[rows["record"].eq("center")]
    table = centers.pivot(
        index=["cluster_number", "segment_id"], columns="feature", values="value"
    ).sort_index()
    segments = table.index.get_level_values("segment_id").tolist()
    return segments, table.reset_index(drop=True)


def _start(points: np.ndarray, labels: np.ndarray | None) -> np.ndarray | None:
    """The champion's centres in the new space: the mean of the users it holds.

    The scaling may have changed, and with it a bend or a set of levels, so numbers are
    not converted: the members are asked where they are now.
    """
    if labels is None:
        return None
    return np.vstack([points[labels == label].mean(0) for label in np.unique(labels)])


def _rank_centers(trial: Trial, points: np.ndarray, money: pd.Series) -> Trial:
    """Order the centres by falling mean money of their members."""
    labels = clustering.nearest(points, trial.centers)
    amounts = np.nan_to_num(cleaning.numbers_of(pd.to_numeric(money, errors="coerce")))
    totals = np.bincount(labels, weights=amounts, minlength=trial.cluster_count)
    sizes = np.bincount(labels, minlength=trial.cluster_count)
    means = np.round(totals / np.maximum(sizes, 1), 9)
    keys = [*np.round(trial.centers, 9).T[::-1], -means]
    return clustering.replace(trial, centers=trial.centers[np.lexsort(keys)])


@dataclass(frozen=True)
class _Verdict:
    is_promoted: bool
    reason: str
    numbers: dict[str, float]


def _verdict(
    chosen, points, users, champion, parameters, quality, latest, seed, guards
) -> _Verdict:
    """Hold the challenger against the champion. No champion: it is promoted."""
    numbers = {"champion_silhouette": np.nan, "drift": np.nan, "drift_limit": np.nan}
    if champion.version is None:
        return _Verdict(True, "promoted: the first model", numbers)
    if champion.labels is None and len(points):
        why = "promoted: the champion cannot score the features of today"
        return _Verdict(True, why, numbers)

    failures = clustering.guard_failures(chosen, guards)
    if chosen.cluster_count == 1:
        failures = []
        if len(champion.segments) > 1:
            failures.append(f"one segment would replace {len(champion.segments)} ({chosen.reason})")
    elif champion.labels is not None:
        with threadpool_limits(limits=1):
            theirs = clustering.silhouette_of(points, champion.labels, seed + chosen.cluster_count)
        floor = theirs - guards.silhouette_loss * abs(theirs)
        numbers["champion_silhouette"] = theirs
        if chosen.silhouette < floor:
            failures.append(
                f"silhouette {chosen.silhouette:.3f} is more than"
                f" {guards.silhouette_loss:.0%} below the champion's {theirs:.3f}"
            )

    numbers |= _drift(users, champion.rows, parameters, quality, guards)
    if numbers["drift"] > numbers["drift_limit"]:
        again = _drift(users, latest, parameters, None, guards)
        if again["drift"] > again["drift_limit"] or latest.equals(champion.rows):
            failures.append(
                f"features drifted by {numbers['drift']:.2f} (mean stability index),"
                f" above {numbers['drift_limit']:.2f}, seen for the first time"
            )
    if failures:
        return _Verdict(False, "rejected: " + "; ".join(failures), numbers)
    return _Verdict(True, "promoted: passed the gate", numbers)


def _drift(users, reference, parameters, quality, guards) -> dict[str, float]:
    """Mean stability index of the features of either model, and what it may be.

    Two small samples of one population differ by chance: about (bins - 1) / size for
    each of them, which is added to the limit.
    """
    learned = cleaning.Learned.read(parameters)
    before = cleaning.Learned.read(reference)
    # a feature that broke has left the new model: it is what the drift is about
    watched = [
        feature
        for feature in learned.features
        if learned.is_clustered(feature)
        or (feature in before.features and before.is_clustered(feature))
    ]
    if quality is None:
        indices = [
            cleaning.drift_of(users[feature], feature, learned, before, reference)
            for feature in watched
        ]
    else:
        psi = quality[quality["name"].eq("psi")].set_index("feature")["value"]
        indices = psi[watched].tolist()
    known = [index for index in indices if not np.isnan(index)]
    sizes = reference.loc[
        reference["record"].eq("model") & reference["name"].eq("sample_size"), "value"
    ]
    chance = 10 / max(len(users), 1) + sum(10 / max(size, 1) for size in sizes)
    return {
        "drift": float(np.mean(known)) if known else np.nan,
        "drift_limit": guards.drift + chance,
    }


def _center_rows(chosen, segments, dimensions) -> pd.DataFrame:
    return artifacts.as_artifacts(
        {
            "record": "center",
            "feature": dimension,
            "segment_id": segment,
            "cluster_number": number,
            "cluster_count": chosen.cluster_count,
            "name": "center",
            "value": chosen.centers[number - 1, place],
        }
        for number, segment in enumerate(segments, start=1)
        for place, dimension in enumerate(dimensions)
    )


def _spread_rows(points, chosen, labels, segments) -> pd.DataFrame:
    """How far members lie from their centre, so that SQL can call one an outlier."""
    names = {"distance_median": 0.5, "distance_q95": 0.95, "distance_q99": 0.99}
    rows = []
    for number, segment in enumerate(segments, start=1):
        members = points[labels == number - 1]
        away = np.linalg.norm(members - chosen.centers[number - 1], axis=1)
        own = {
            "record": "spread",
            "segment_id": segment,
            "cluster_number": number,
            "cluster_count": chosen.cluster_count,
        }
        rows.append({**own, "name": "member_count", "value": len(members)})
        for name, quantile in names.items():
            value = np.quantile(away, quantile) if len(away) else np.nan
            rows.append({**own, "name": name, "value": value})
    return artifacts.as_artifacts(rows)


def _trial_rows(trials: list[Trial]) -> pd.DataFrame:
    rows = []
    for trial in trials:
        own = {"record": "trial", "cluster_count": trial.cluster_count}
        numbers = trial.scores | {"is_chosen": float(trial.is_chosen)}
        texts = {
            "reason": trial.reason,
            "algorithm": clustering.ALGORITHM,
            "start": trial.start,
            "start_reason": trial.start_reason,
        }
        rows += [{**own, "name": name, "value": v} for name, v in numbers.items()]
        rows += [{**own, "name": name, "text": t} for name, t in texts.items()]
    return artifacts.as_artifacts(rows)


def _model_rows(
    chosen, verdict, treatments, guards, *, moment, seed, sample_size, fit_size, money
) -> pd.DataFrame:
    clustered = [t.feature for t in treatments if t.is_clustered]
    windows = [int(n) for t in clustered for n in _window_days(t)]
    training_from = moment - pd.Timedelta(days=max(windows)) if windows else None
    numbers = {
        "k": chosen.cluster_count,
        "seed": seed,
        "sample_size": sample_size,
        "fit_size": fit_size,
        "feature_count": len(clustered),
        **chosen.scores,
        **verdict.numbers,
        "guard_smallest_share": guards.smallest_share,
        "guard_stability": guards.stability,
        "guard_silhouette_loss": guards.silhouette_loss,
        "guard_drift": guards.drift,
    }
    texts = {
        "algorithm": clustering.ALGORITHM,
        "feature_set_hash": md5("|".join(map(repr, treatments)).encode()).hexdigest(),
        "features": ", ".join(clustered),
        "money_feature": money,
        "training_from": None if training_from is None else training_from.isoformat(),
        "training_to": moment.isoformat(),
        "start": chosen.start,
        "start_reason": chosen.start_reason,
        "reason": chosen.reason,
    }
    rows: list[dict[str, Any]] = [
        {"record": "model", "name": name, "value": value} for name, value in numbers.items()
    ]
    rows += [{"record": "model", "name": n, "text": t} for n, t in texts.items()]
    return artifacts.as_artifacts(rows)


def _window_days(feature: str) -> list[str]:
    ending = feature.rsplit("_", 1)[-1]
    return [ending[:-1]] if ending[-1:] == "d" and ending[:-1].isdigit() else []


def _status_rows(version, old_version, verdict, memory) -> pd.DataFrame:
    """One status a model and run; `value` is its place among all statuses ever."""
    number = artifacts.next_status_number(memory)
    rows = [
        {
            "record": "status",
            "name": "status",
            "value": number,
            "text": "champion" if verdict.is_promoted else "rejected",
        },
        {"record": "status", "name": "gate_reason", "text": verdict.reason},
    ]
    if verdict.is_promoted and old_version is not None:
        rows += [
            {
                "record": "status",
                "model_version": old_version,
                "name": "status",
                "value": number + 1,
                "text": "retired",
            },
            {
                "record": "status",
                "model_version": old_version,
                "name": "gate_reason",
                "text": f"retired: replaced by {version}",
            },
        ]
    return artifacts.as_artifacts(rows)


def _lineage_rows(lineage: pd.DataFrame) -> pd.DataFrame:
    return artifacts.as_artifacts(
        {
            "record": "lineage",
            "segment_id": row.segment_id,
            "cluster_number": row.cluster_number,
            "name": row.from_segments,
            "value": row.overlap,
            "text": row.relation,
        }
        for row in lineage.itertuples()
    )
