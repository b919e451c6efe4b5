"""The one entry point: fit a new model when one is due, as rows to remember."""

import re
from dataclasses import dataclass
from hashlib import md5
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from kindred.segmentation import (
    artifacts,
    cleaning,
    clustering,
    describing,
    encoding,
    guessing,
    matching,
)
from kindred.segmentation.cleaning import Treatment
from kindred.segmentation.clustering import Cores, Guards, Trial

KEY = "user_id"
_NAME = re.compile(r"[a-z0-9_]+")
MONEY_FEATURE = "revenue_365d"


MOST_SHADOWS = 2  # shadow models cost a scoring of every user each
SHADOW_COLUMNS = ("shadow_id", "algorithm", "segment_count_min", "segment_count_max")


@dataclass(frozen=True)
class _Champion:
    """The model in force, and where it puts the users of the fit."""

    version: str | None
    segments: list[str]
    rows: pd.DataFrame
    labels: np.ndarray | None  # None: no champion, or it cannot score this sample


@dataclass(frozen=True)
class _Ground:
    """What all models of one run are fitted on, and with."""

    moment: pd.Timestamp
    seed: int
    guards: Guards
    treatments: list[Treatment]
    users: pd.DataFrame
    items: pd.DataFrame
    first_sessions: pd.DataFrame | None
    parameters: pd.DataFrame
    is_usable: np.ndarray
    dimensions: list[str]
    points: np.ndarray  # of the usable users

    @property
    def fitted(self) -> pd.DataFrame:
        """The raw features of the users that the points are of."""
        return self.users[self.is_usable].reset_index(drop=True)


@dataclass(frozen=True)
class _Plan:
    """Which model to fit."""

    algorithm: str
    segment_count_min: int
    segment_count_max: int
    shadow_id: str | None = None


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
    algorithm: str = clustering.ALGORITHMS[0],
    first_sessions: pd.DataFrame | None = None,
    shadows: pd.DataFrame | None = None,
    guards: Guards | None = None,
    items: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Fit a model when one is due and return the new rows of the remembered table.

    ``sample`` has one row per user: ``user_id`` and the raw features of the catalogue,
    unknown values null, rows and columns in any order. ``catalog`` is the seed
    feature_catalog. ``memory`` holds every earlier row (a frame without columns will
    do). ``as_of`` is a moment in UTC. ``first_sessions`` has a row per user of the sample
    (see `guessing.learn_guesses`); None where nothing is known of beginnings. ``shadows``
    is the seed shadow_models: models that are fitted beside the challenger and score, but
    name no segment anybody is given. ``items`` counts what the users of the sample did
    with which item (see `encoding.learn_vectors`); None leaves features of items unknown.

    What makes a fit due: see `why_due`. Shadows are fitted with the challenger, and when
    the seed names others than are in force. Otherwise, and when nothing changed since this
    ``as_of`` was fitted before, the result has no rows, and the same columns and types.

    Rows depend on the arguments only. Whatever the sample is like, a first fit yields
    a model that can score everyone, if need be with one segment. Raises ValueError for
    a user listed twice or unnamed, a feature that the sample lacks, a catalogue or a list
    of shadows that makes no sense, or a range of counts that does not lie in 2 and up.
    """
    plan = _Plan(algorithm, segment_count_min, segment_count_max)
    _check(plan)
    wanted = read_shadows(shadows)
    moment = utc(as_of)
    past = artifacts.as_artifacts(memory)
    due = why_due(past, moment, refit_after_days, algorithm)
    standing = artifacts.live_shadows(past)
    are_shadows_due = due is not None or {one.shadow_id for one in wanted} != set(standing.index)
    if due is None and not are_shadows_due:
        return artifacts.empty_artifacts()

    catalogued = cleaning.read_catalog(catalog)
    users = _in_order(sample)
    items = items_of(users, items)
    vectors = encoding.learn_vectors(items, catalogued, seed=seed)
    embedded = encoding.embed(items, vectors, users[KEY])
    users = users.join(embedded.reindex(columns=encoding.names_of(catalogued)))
    treatments = encoding.with_dimensions(catalogued)
    parameters, is_usable = cleaning.learn(users, treatments, seed=seed)
    held_out = cleaning.held_out_encodings(users, parameters, treatments, is_usable, seed=seed)
    everyone = cleaning.apply(users, parameters, encoded=held_out)
    ground = _Ground(
        moment=moment,
        seed=seed,
        guards=guards or Guards(),
        treatments=cleaning.selected(treatments, parameters),
        users=users,
        items=items,
        parameters=pd.concat([vectors, parameters], ignore_index=True),
        first_sessions=first_sessions,
        is_usable=is_usable,
        dimensions=list(everyone.columns),
        points=everyone.to_numpy("float64")[is_usable],
    )
    run_id = artifacts.free_name(f"fit_{stamp(moment)}", past["run_id"])
    known = [past]
    if due is not None:
        known.append(_fit(ground, plan, _together(known), run_id, due))
    if are_shadows_due:
        for one in wanted:
            known.append(_fit(ground, one, _together(known), run_id, due or "it is new"))
        if len(standing):
            known.append(_retire(standing, _together(known), run_id, moment))
    return artifacts.as_artifacts(_together(known[1:]))


def why_due(
    memory: pd.DataFrame, moment: pd.Timestamp, refit_after_days: float, algorithm: str
) -> str | None:
    """Why a challenger is fitted now, or None when it is not.

    There is no model; the last fit (promoted or not) is ``refit_after_days`` old, so that
    0 forces one at every new moment; the newest look at the champion says act (once at
    the next moment, then once a day while it lasts); or another algorithm is asked for.
    """
    fits = artifacts.challengers(memory)
    if fits.empty:
        return "there is no model"
    last = fits.iloc[-1]
    age = moment - last["as_of"]
    if age < pd.Timedelta(0):
        return None
    if last["algorithm"] != algorithm:
        return f"the algorithm is {algorithm} now, was {last['algorithm']}"
    if age == pd.Timedelta(0):
        return None
    if age >= pd.Timedelta(days=refit_after_days):
        return f"the last fit is {age / pd.Timedelta(days=1):.2f} days old"
    looks = memory[memory["record"].eq("monitor")]
    looks = looks[looks["model_version"].eq(artifacts.current_champion(memory) or "")]
    newest = looks[looks["as_of"].eq(looks["as_of"].max())].set_index("name")
    is_act = len(newest) > 0 and newest.loc["status", "text"] == "act"
    is_unanswered = is_act and newest["as_of"].iloc[0] > last["as_of"]
    if is_unanswered or (is_act and age >= pd.Timedelta(days=1)):
        return f"the model was watched: {newest.loc['reason', 'text']}"
    return None


def read_shadows(shadows: pd.DataFrame | None) -> list[_Plan]:
    """The models of the seed shadow_models, by shadow_id.

    Raises ValueError, naming the row, for a name that is missing, twice there or not made
    of lower-case letters, digits and underscores, an unknown algorithm, a range that does
    not lie in 2 and up, or more shadows than `MOST_SHADOWS`.
    """
    if shadows is None or shadows.empty:
        return []
    rows = shadows.sort_values("shadow_id")[list(SHADOW_COLUMNS)].to_dict("records")
    if len(rows) > MOST_SHADOWS:
        raise ValueError(
            f"shadow_models has {len(rows)} rows; at most {MOST_SHADOWS}, since each scores"
            " every user"
        )
    plans = []
    for row in rows:
        name = str(row["shadow_id"])
        if not _NAME.fullmatch(name) or name in [plan.shadow_id for plan in plans]:
            raise ValueError(
                f"shadow_models, row {name!r}: shadow_id must be there once, in lower-case"
                " letters, digits and underscores"
            )
        plan = _Plan(
            str(row["algorithm"]),
            int(row["segment_count_min"]),
            int(row["segment_count_max"]),
            name,
        )
        _check(plan)
        plans.append(plan)
    return plans


def _check(plan: _Plan) -> None:
    where = f"shadow_models, row {plan.shadow_id!r}: " if plan.shadow_id else ""
    if plan.algorithm not in clustering.ALGORITHMS:
        raise ValueError(
            f"{where}algorithm {plan.algorithm!r} must be one of {', '.join(clustering.ALGORITHMS)}"
        )
    if not 2 <= plan.segment_count_min <= plan.segment_count_max:
        raise ValueError(f"{where}segment counts must satisfy 2 <= minimum <= maximum")


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else artifacts.empty_artifacts()


def _fit(ground: _Ground, plan: _Plan, past: pd.DataFrame, run_id: str, due: str) -> pd.DataFrame:
    """Fit, name and judge one model: its rows, sealed. A shadow is never promoted."""
    points, fitted, guards = ground.points, ground.fitted, ground.guards
    champion = _champion(past, fitted, ground.items)
    trials = clustering.choose_clusters(
        points,
        count_min=plan.segment_count_min,
        count_max=plan.segment_count_max,
        seed=ground.seed,
        guards=guards,
        start=_start(points, champion.labels),
        algorithm=plan.algorithm,
    )
    chosen = next(trial for trial in trials if trial.is_chosen)
    money = _money_feature(ground.treatments)
    chosen = _rank_clusters(chosen, points, fitted[money])
    labels = chosen.cores.labels(points)
    lineage = matching.match_segments(
        labels,
        new_count=chosen.cluster_count,
        old_labels=champion.labels,
        old_segments=champion.segments,
        next_number=artifacts.next_segment_number(past),
    )
    segments = lineage["segment_id"].head(chosen.cluster_count).tolist()

    quality = cleaning.audit(ground.users, ground.parameters, ground.is_usable, champion.rows)
    suffix = f"_{plan.shadow_id}" if plan.shadow_id else ""
    version = artifacts.free_name(f"v{stamp(ground.moment)}{suffix}", past["model_version"])
    kept_share = _kept_share(labels, segments, champion)
    if plan.shadow_id:
        verdict = _Verdict("shadow", "shadow: scores beside the champion", {})
    else:
        latest = artifacts.of_model(past, artifacts.last_fitted_model(past))
        verdict = _verdict(chosen, ground, plan, champion, quality, latest, kept_share)
    rows = [
        ground.parameters,
        _core_rows(chosen, segments, ground.dimensions),
        _spread_rows(points, chosen, labels, segments),
        _trial_rows(trials, plan.algorithm),
        _model_rows(
            ground,
            plan,
            chosen,
            verdict,
            due=due,
            money=money,
            kept_share=kept_share,
        ),
        _status_rows(version, champion.version, verdict, past),
        _lineage_rows(lineage),
        describing.describe_segments(fitted, ground.parameters, labels, segments),
        describing.describe_rules(fitted, ground.treatments, labels, segments),
        _guess_rows(ground, plan, labels, segments),
        quality,
    ]
    return artifacts.seal(
        pd.concat(rows, ignore_index=True),
        run_id=run_id,
        as_of=ground.moment,
        model_version=version,
    )


def _guess_rows(ground: _Ground, plan: _Plan, labels, segments) -> pd.DataFrame:
    """What beginnings foretell; of a shadow nothing, since nobody is given its segments."""
    if plan.shadow_id:
        return artifacts.empty_artifacts()
    return guessing.learn_guesses(
        ground.first_sessions, ground.fitted[KEY], labels, segments, seed=ground.seed
    )


def _retire(standing: pd.Series, past: pd.DataFrame, run_id: str, moment) -> pd.DataFrame:
    """The shadows that were in force before this run have ended."""
    rows = []
    for version in standing:
        number = artifacts.next_status_number(past) + len(rows)
        own = {"record": "status", "model_version": version}
        rows.append({**own, "name": "status", "value": number, "text": "retired"})
        rows.append(
            {
                **own,
                "name": "gate_reason",
                "text": "retired: the shadow was fitted again or is asked for no more",
            }
        )
    return artifacts.seal(
        artifacts.as_artifacts(rows), run_id=run_id, as_of=moment, model_version=""
    )


def _kept_share(labels, segments, champion) -> float:
    """Share of the users of the fit who keep the segment that the champion gives them."""
    if champion.labels is None or not len(labels):
        return np.nan
    now, before = np.array(segments)[labels], np.array(champion.segments)[champion.labels]
    return float((now == before).mean())


def utc(as_of: Any) -> pd.Timestamp:
    """A moment in UTC without a zone; ValueError for none."""
    moment = pd.Timestamp(as_of)
    if pd.isna(moment):
        raise ValueError("as_of must be a moment")
    if moment.tzinfo is not None:
        moment = moment.tz_convert("UTC").tz_localize(None)
    return moment.as_unit("us")


def stamp(moment: pd.Timestamp) -> str:
    """A moment as part of a name; microseconds only where there are some."""
    text = f"{moment:%Y-%m-%dT%H%M%S}"
    return f"{text}.{moment.microsecond:06d}" if moment.microsecond else text


def _in_order(sample: pd.DataFrame) -> pd.DataFrame:
    keys = sample[KEY]
    if keys.isna().any():
        raise ValueError(f"{KEY} must not be null")
    if keys.duplicated().any():
        raise ValueError(f"{KEY} must be unique: features are one row per user")
    return sample.sort_values(KEY, ignore_index=True)


def items_of(users: pd.DataFrame, items: pd.DataFrame | None) -> pd.DataFrame:
    """The items counted for these users; none at all where nothing is counted."""
    if items is None:
        return pd.DataFrame(columns=[KEY, "item_kind", "item", "item_count"])
    return items[items[KEY].isin(users[KEY])].reset_index(drop=True)


def _money_feature(treatments: list[Treatment]) -> str:
    numeric = [t.feature for t in treatments if t.kind == "numeric"]
    if MONEY_FEATURE in numeric:
        return MONEY_FEATURE
    clustered = [t.feature for t in treatments if t.is_clustered]
    return next((name for name in clustered if name in numeric), clustered[0])


def _champion(memory: pd.DataFrame, fitted: pd.DataFrame, items: pd.DataFrame) -> _Champion:
    """Read the champion and let it label the users of the fit, by its own vectors of items."""
    version = artifacts.current_champion(memory)
    rows = artifacts.of_model(memory, version)
    segments, dimensions, cores = read_cores(rows)
    labels = None
    if version is not None and len(fitted):
        embedded = encoding.embed(items, rows, fitted[KEY])
        try:
            points = cleaning.apply(fitted.assign(**embedded), rows)[dimensions]
        except (KeyError, ValueError):
            points = None  # it was fitted on features that are gone, or are texts now
        if points is not None:
            labels = cores.labels(points.to_numpy("float64"))
    return _Champion(version, segments, rows, labels)


def read_cores(rows: pd.DataFrame) -> tuple[list[str], list[str], Cores]:
    """Segments of a model in the order of its clusters, its dimensions, and its cores."""
    wanted = rows[rows["record"].isin(("center", "center_scale", "center_offset"))]
    tables = {
        record: part.pivot(
            index=["cluster_number", "segment_id", "name"], columns="feature", values="value"
        )
        for record, part in wanted.assign(feature=wanted["feature"].fillna("")).groupby("record")
    }
    centers = tables.get("center", pd.DataFrame())
    keys = sorted({key for table in tables.values() for key in table.index})
    dimensions = centers.columns.tolist()
    segments = list(dict.fromkeys(segment for _, segment, _ in keys))
    scales = tables.get("center_scale", pd.DataFrame(columns=dimensions))
    offsets = tables.get("center_offset", pd.DataFrame({"": []}))
    numbers = [number for number, _, _ in keys]
    return (
        segments,
        dimensions,
        Cores(
            np.unique(numbers, return_inverse=True)[1],
            centers.reindex(keys).to_numpy("float64").reshape(len(keys), len(dimensions)),
            scales.reindex(keys, columns=dimensions).fillna(1.0).to_numpy("float64"),
            offsets.reindex(keys)[""].fillna(0.0).to_numpy("float64"),
        ),
    )


def _start(points: np.ndarray, labels: np.ndarray | None) -> np.ndarray | None:
    """The champion's centres in the new space: the mean of the users it holds.

    The scaling may have changed, and with it a bend or a set of levels, so numbers are
    not converted: the members are asked where they are now.
    """
    if labels is None:
        return None
    return np.vstack([points[labels == label].mean(0) for label in np.unique(labels)])


def _rank_clusters(trial: Trial, points: np.ndarray, money: pd.Series) -> Trial:
    """Order the clusters by falling mean money of their members, noise last."""
    cores = trial.cores
    labels = cores.labels(points)
    amounts = np.nan_to_num(cleaning.numbers_of(pd.to_numeric(money, errors="coerce")))
    totals = np.bincount(labels, weights=amounts, minlength=trial.cluster_count)
    sizes = np.bincount(labels, minlength=trial.cluster_count)
    means = np.round(totals / np.maximum(sizes, 1), 9)
    first_cores = np.searchsorted(cores.clusters, np.arange(trial.cluster_count))
    keys = [*np.round(cores.centers[first_cores], 9).T[::-1], -means, cores.is_noise]
    return clustering.replace(trial, cores=cores.in_order(np.lexsort(keys)))


@dataclass(frozen=True)
class _Verdict:
    status: str
    reason: str
    numbers: dict[str, float]


def _verdict(chosen, ground, plan, champion, quality, latest, kept_share) -> _Verdict:
    """Hold the challenger against the champion. No champion: it is promoted."""
    points, guards = ground.points, ground.guards
    numbers = {"champion_silhouette": np.nan, "drift": np.nan, "drift_limit": np.nan}
    if champion.version is None:
        return _Verdict("champion", "promoted: the first model", numbers)
    if champion.labels is None and len(points):
        why = "promoted: the champion cannot score the features of today"
        return _Verdict("champion", why, numbers)

    failures = clustering.guard_failures(chosen, guards)
    if chosen.cluster_count == 1:
        failures = []
        if len(champion.segments) > 1:
            failures.append(f"one segment would replace {len(champion.segments)} ({chosen.reason})")
    elif champion.labels is not None:
        with threadpool_limits(limits=1):
            theirs = clustering.silhouette_of(points, champion.labels, ground.seed)
        floor = theirs - guards.silhouette_loss * abs(theirs)
        numbers["champion_silhouette"] = theirs
        is_other_algorithm = plan.algorithm != _told(champion.rows, "algorithm")
        # silhouettes of different algorithms do not tell which was asked for
        if chosen.silhouette < floor and not is_other_algorithm:
            failures.append(
                f"silhouette {chosen.silhouette:.3f} is more than"
                f" {guards.silhouette_loss:.0%} below the champion's {theirs:.3f}"
            )

        is_asked_for = (
            is_other_algorithm
            or _feature_set_hash(ground.treatments) != _told(champion.rows, "feature_set_hash")
            or not plan.segment_count_min <= len(champion.segments) <= plan.segment_count_max
        )
        better = theirs + clustering.COLD_ADVANTAGE * abs(theirs)
        if (
            1 - kept_share > guards.moved_share
            and chosen.silhouette < better
            and len(champion.segments) > 1
            and not is_asked_for
        ):
            failures.append(
                f"it would move {1 - kept_share:.0%} of users to other segments for a silhouette"
                f" of {chosen.silhouette:.3f}; the champion has {theirs:.3f}, and above"
                f" {guards.moved_share:.0%} it must be {clustering.COLD_ADVANTAGE:.0%} better"
            )

    users, parameters = ground.users, ground.parameters
    numbers |= _drift(users, champion.rows, parameters, quality, guards)
    if numbers["drift"] > numbers["drift_limit"]:
        again = _drift(users, latest, parameters, None, guards)
        if again["drift"] > again["drift_limit"] or latest.equals(champion.rows):
            failures.append(
                f"features drifted by {numbers['drift']:.2f} (mean stability index),"
                f" above {numbers['drift_limit']:.2f}, seen for the first time"
            )
    if failures:
        return _Verdict("rejected", "rejected: " + "; ".join(failures), numbers)
    return _Verdict("champion", "promoted: passed the gate", numbers)


def _told(rows: pd.DataFrame, name: str) -> str | None:
    """A text that the rows of a model tell of it."""
    texts = rows.loc[rows["record"].eq("model") & rows["name"].eq(name), "text"]
    return texts.iloc[0] if len(texts) else None


def _feature_set_hash(treatments: list[Treatment]) -> str:
    return md5("|".join(map(repr, treatments)).encode()).hexdigest()


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


def _core_rows(chosen, segments, dimensions) -> pd.DataFrame:
    """`center`, `center_scale` (where it is not 1) and `center_offset` (not 0) rows.

    The name of a row is that of its core within the cluster: ``center`` of the only one,
    a number where there are several.
    """
    cores = chosen.cores
    rows = []
    for place, segment in enumerate(segments):
        mine = np.flatnonzero(cores.clusters == place)
        for number, core in enumerate(mine, start=1):
            own = {
                "segment_id": segment,
                "cluster_number": place + 1,
                "cluster_count": chosen.cluster_count,
                "name": "center" if len(mine) == 1 else f"{number:05d}",
            }
            if cores.offsets[core] != 0:
                rows.append({**own, "record": "center_offset", "value": cores.offsets[core]})
            for dimension, center, scale in zip(
                dimensions, cores.centers[core], cores.scales[core], strict=True
            ):
                if not np.isnan(center):
                    rows.append({**own, "record": "center", "feature": dimension, "value": center})
                if scale != 1:
                    rows.append(
                        {**own, "record": "center_scale", "feature": dimension, "value": scale}
                    )
    return artifacts.as_artifacts(rows)


def _spread_rows(points, chosen, labels, segments) -> pd.DataFrame:
    """How far members lie from their core, so that SQL can call one an outlier."""
    names = {"distance_median": 0.5, "distance_q95": 0.95, "distance_q99": 0.99}
    distances = np.sqrt(chosen.cores.squared_distances(points))
    rows = []
    for number, segment in enumerate(segments, start=1):
        away = distances[labels == number - 1, number - 1]
        own = {
            "record": "spread",
            "segment_id": segment,
            "cluster_number": number,
            "cluster_count": chosen.cluster_count,
        }
        rows.append({**own, "name": "member_count", "value": len(away)})
        for name, quantile in names.items():
            value = np.quantile(away, quantile) if len(away) else np.nan
            rows.append({**own, "name": name, "value": value})
    return artifacts.as_artifacts(rows)


def _trial_rows(trials: list[Trial], algorithm: str) -> pd.DataFrame:
    rows = []
    for trial in trials:
        own = {"record": "trial", "cluster_count": trial.cluster_count}
        numbers = trial.scores | {"is_chosen": float(trial.is_chosen)}
        texts = {
            "reason": trial.reason,
            "algorithm": algorithm,
            "start": trial.start,
            "start_reason": trial.start_reason,
        }
        rows += [{**own, "name": name, "value": v} for name, v in numbers.items()]
        rows += [{**own, "name": name, "text": t} for name, t in texts.items()]
    return artifacts.as_artifacts(rows)


def _model_rows(ground, plan, chosen, verdict, *, due, money, kept_share) -> pd.DataFrame:
    guards, moment = ground.guards, ground.moment
    clustered = [t.feature for t in ground.treatments if t.is_clustered]
    windows = [int(n) for t in clustered for n in _window_days(t)]
    training_from = moment - pd.Timedelta(days=max(windows)) if windows else None
    numbers = {
        "k": chosen.cluster_count,
        "seed": ground.seed,
        "sample_size": len(ground.users),
        "fit_size": len(ground.points),
        "feature_count": len(clustered),
        "kept_share": kept_share,
        **chosen.scores,
        **verdict.numbers,
        "guard_smallest_share": guards.smallest_share,
        "guard_stability": guards.stability,
        "guard_silhouette_loss": guards.silhouette_loss,
        "guard_drift": guards.drift,
        "guard_moved_share": guards.moved_share,
    }
    texts = {
        "algorithm": plan.algorithm,
        "shadow_id": plan.shadow_id,
        "due": due,
        "feature_set_hash": _feature_set_hash(ground.treatments),
        "features": ", ".join(clustered),
        "money_feature": money,
        "training_from": None if training_from is None else training_from.isoformat(),
        "training_to": moment.isoformat(),
        "start": chosen.start,
        "start_reason": chosen.start_reason,
        "reason": chosen.reason,
    }
    if plan.shadow_id is None:
        del texts["shadow_id"]
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
            "text": verdict.status,
        },
        {"record": "status", "name": "gate_reason", "text": verdict.reason},
    ]
    if verdict.status == "champion" and old_version is not None:
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
