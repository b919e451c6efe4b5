"""Fit when it is due, then look how the champion does on the users of today."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from kindred.segmentation import artifacts, cleaning, clustering, encoding, fitting

LOW_MARGIN = 0.10  # of the runner-up's distance: nearer to the border than this is ambiguous


@dataclass(frozen=True)
class Limits:
    """From where on a number is to be watched, and from where to be acted on.

    Stability indices by the usual reading of 0.10 and 0.25, above what chance gives two
    samples of their size; the loss of silhouette as a share of what it was at the fit; the
    low-margin share in points above what it was at the fit.
    """

    index_watch: float = 0.10
    index_act: float = 0.25
    silhouette_loss_watch: float = 0.10
    silhouette_loss_act: float = 0.25
    low_margin_watch: float = 0.10


def fit_and_watch(
    sample: pd.DataFrame, catalog: pd.DataFrame, memory: pd.DataFrame, **settings
) -> pd.DataFrame:
    """The new rows of the remembered table: those of a fit that is due, and of the look.

    Arguments are those of `fitting.fit_when_due`. The look comes after the fit, so that it
    is at the model that scores until the next run; when it says act, that run fits.
    """
    fitted = fitting.fit_when_due(sample, catalog, memory, **settings)
    past = artifacts.as_artifacts(memory)
    known = pd.concat([past, fitted], ignore_index=True) if len(past) else fitted
    watched = watch(sample, known, as_of=settings["as_of"], items=settings.get("items"))
    return artifacts.as_artifacts(pd.concat([fitted, watched], ignore_index=True))


def watch(
    sample: pd.DataFrame,
    memory: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    limits: Limits | None = None,
    items: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """`monitor` rows of the champion at a moment, from the users drawn for it.

    By name: feature_psi (mean over the clustered features), size_psi, silhouette,
    silhouette_at_fit, margin, low_margin_share, user_count, status (ok, watch or act) and
    reason; psi by feature; share and psi by segment. Indices compare with the users the
    champion was fitted on. No rows when this moment was looked at before, the champion
    cannot score these users, or there are none.
    """
    moment = fitting.utc(as_of)
    limits = limits or Limits()
    memory = artifacts.as_artifacts(memory)
    version = artifacts.current_champion(memory)
    rows = artifacts.of_model(memory, version)
    looks = rows[rows["record"].eq("monitor")]
    if version is None or sample.empty or looks["as_of"].eq(moment).any():
        return artifacts.empty_artifacts()
    users = sample.sort_values(fitting.KEY, ignore_index=True)
    embedded = encoding.embed(fitting.items_of(users, items), rows, users[fitting.KEY])
    users = users.assign(**embedded)
    segments, dimensions, cores = fitting.read_cores(rows)
    try:
        points = cleaning.apply(users, rows)[dimensions].to_numpy("float64")
    except (KeyError, ValueError):
        return artifacts.empty_artifacts()

    numbers = rows[rows["record"].eq("model")].set_index("name")["value"]
    feature_psi = _feature_indices(users, rows)
    shares = _shares(rows, segments, cores.labels(points))
    with threadpool_limits(limits=1):
        silhouette = clustering.silhouette_of(points, cores.labels(points), int(numbers["seed"]))
    margins = _margins(np.sqrt(cores.squared_distances(points)))
    found = {
        "feature_psi": float(feature_psi.mean()) if len(feature_psi) else np.nan,
        "size_psi": float(shares["psi"].sum()),
        "silhouette": silhouette,
        "silhouette_at_fit": float(numbers["silhouette"]),
        "margin": float(margins.mean()),
        "low_margin_share": float((margins < LOW_MARGIN).mean()),
        "user_count": float(len(users)),
    }
    fitted_count = float(numbers["sample_size"])
    by_chance = 1 / len(users) + 1 / max(fitted_count, 1)
    first = looks[looks["as_of"].eq(looks["as_of"].min()) & looks["name"].eq("low_margin_share")]
    low_at_fit = first["value"].iloc[0] if len(first) else found["low_margin_share"]
    status, reason = _judge(found, feature_psi, len(segments), low_at_fit, by_chance, limits)
    own = {"record": "monitor"}
    written = [{**own, "name": name, "value": value} for name, value in found.items()]
    written += [
        {**own, "name": "status", "text": status},
        {**own, "name": "reason", "text": reason},
    ]
    written += [
        {**own, "feature": feature, "name": "psi", "value": index}
        for feature, index in feature_psi.items()
    ]
    written += [
        {**own, "segment_id": segment, "name": name, "value": shares.loc[segment, name]}
        for segment in segments
        for name in ("share", "psi")
    ]
    return artifacts.seal(
        artifacts.as_artifacts(written),
        run_id=f"watch_{fitting.stamp(moment)}",
        as_of=moment,
        model_version=version,
    )


def _feature_indices(users: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """The stability index of each clustered feature; those without one are left out."""
    learned = cleaning.Learned.read(rows)
    indices = {
        feature: cleaning.drift_of(users[feature], feature, learned, learned, rows)
        for feature in filter(learned.is_clustered, learned.features)
        if feature in users
    }
    return pd.Series(indices, dtype="float64").dropna()


def _shares(rows: pd.DataFrame, segments: list[str], labels: np.ndarray) -> pd.DataFrame:
    """Share of each segment now, and its part of the index of sizes since the fit."""
    spread = rows[rows["record"].eq("spread") & rows["name"].eq("member_count")]
    before = spread.set_index("segment_id")["value"].reindex(segments).to_numpy("float64")
    now = np.bincount(labels, minlength=len(segments)).astype("float64")
    one = np.maximum(before / max(before.sum(), 1), cleaning.EMPTY_SHARE)
    other = np.maximum(now / max(now.sum(), 1), cleaning.EMPTY_SHARE)
    return pd.DataFrame(
        {"share": now / max(now.sum(), 1), "psi": (other - one) * np.log(other / one)},
        index=segments,
    )


def _margins(distances: np.ndarray) -> np.ndarray:
    """How much farther the runner-up is, as a share of its distance; 1 without one."""
    if distances.shape[1] < 2:
        return np.ones(len(distances))
    nearest, second = np.partition(distances, 1, axis=1)[:, :2].T
    return np.divide(second - nearest, second, out=np.ones_like(second), where=second > 0)


def _judge(found, feature_psi, segment_count, low_at_fit, by_chance, limits) -> tuple[str, str]:
    """The status and, in words, what led to it."""
    lost = (found["silhouette_at_fit"] - found["silhouette"]) / abs(found["silhouette_at_fit"] or 1)
    bins, sizes = 10 * by_chance, (segment_count - 1) * by_chance
    features = f"features moved by {found['feature_psi']:.2f} (mean stability index)"
    size = f"segment sizes moved by {found['size_psi']:.2f} (stability index)"
    silhouette = (
        f"silhouette {found['silhouette']:.3f}, at the fit {found['silhouette_at_fit']:.3f}"
    )
    act = {
        features: found["feature_psi"] > limits.index_act + bins,
        size: found["size_psi"] > limits.index_act + sizes,
        silhouette: lost > limits.silhouette_loss_act,
    }
    watched = {
        features: found["feature_psi"] > limits.index_watch + bins,
        size: found["size_psi"] > limits.index_watch + sizes,
        silhouette: lost > limits.silhouette_loss_watch,
        f"{found['low_margin_share']:.0%} of users lie between two segments, at the fit"
        f" {low_at_fit:.0%}": found["low_margin_share"] > low_at_fit + limits.low_margin_watch,
    }
    watched |= {
        f"{feature} moved by {index:.2f} (stability index)": index > limits.index_act + bins
        for feature, index in feature_psi.items()
    }
    for status, signs in (("act", act), ("watch", watched)):
        seen = [text for text, is_so in signs.items() if is_so]
        if seen:
            return status, "; ".join(seen)
    return "ok", "nothing moved by more than chance or the limits allow"
