"""Fit centres, judge them, and choose how many. Points in, centres and a ledger out.

Everything runs on one thread: the order in which threads add floats is not fixed, and
equal input must give equal centres to the last bit.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from threadpoolctl import threadpool_limits

ALGORITHM = "minibatch_kmeans"
SILHOUETTE_ROWS = 5_000
STABILITY_ROWS = 2_000
STABILITY_REPLICATES = 5
BATCH_ROWS = 4_096
COLD_STARTS = 3
COLD_ADVANTAGE = 0.05  # what a cold fit must be better by to replace a warm one
CLOSE_TO_BEST = 0.10  # silhouettes this near to the best count as good as the best


@dataclass(frozen=True)
class Guards:
    """What a clustering must satisfy before its silhouette is looked at.

    ``smallest_share`` of users in the smallest cluster, ``stability`` as mean Jaccard
    overlap under resampling, both 0 to 1. The last two guard the promotion of a
    challenger: how much of the champion's silhouette it may lose (a share of it), and
    how far the clustered features may have drifted (mean population stability index).
    """

    smallest_share: float = 0.02
    stability: float = 0.60
    silhouette_loss: float = 0.10
    drift: float = 0.50


@dataclass(frozen=True)
class Trial:
    """One number of clusters, fitted and judged. Scores are nan when not fitted."""

    cluster_count: int
    centers: np.ndarray | None = None
    silhouette: float = np.nan
    davies_bouldin: float = np.nan
    calinski_harabasz: float = np.nan
    smallest_share: float = np.nan
    stability: float = np.nan
    start: str = "none"
    start_reason: str = "not fitted"
    is_chosen: bool = False
    reason: str = ""

    @property
    def scores(self) -> dict[str, float]:
        """The numbers of the ledger."""
        return {
            "silhouette": self.silhouette,
            "davies_bouldin": self.davies_bouldin,
            "calinski_harabasz": self.calinski_harabasz,
            "smallest_share": self.smallest_share,
            "stability": self.stability,
        }


def nearest(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """The place of the nearest centre; the first of equally near ones."""
    return cdist(points, centers).argmin(axis=1)


def bounded_rows(row_count: int, limit: int, seed: int) -> np.ndarray:
    """Which rows to judge on: all, or a seeded draw of ``limit``, in order."""
    if row_count <= limit:
        return np.arange(row_count)
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(row_count, size=limit, replace=False))


def silhouette_of(points: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Silhouette on a bounded, seeded draw of rows; nan when it is not defined."""
    rows = bounded_rows(len(points), SILHOUETTE_ROWS, seed)
    distinct = len(np.unique(labels[rows]))
    if not 2 <= distinct < len(rows):
        return float("nan")
    return float(silhouette_score(points[rows], labels[rows]))


def fit_centers(
    points: np.ndarray,
    cluster_count: int,
    *,
    seed: int,
    start: np.ndarray | None = None,
    starts: int = COLD_STARTS,
) -> np.ndarray:
    """Centres by MiniBatchKMeans, then settled by passes over all points.

    Mini batches find the region quickly but stop at a noisy place in it; the passes
    that follow cost little on a bounded sample and make re-fits agree. With ``start``
    these centres are the only start, else the best of several seeded ones is kept.
    """
    best, best_inertia = None, np.inf
    for attempt in range(1 if start is not None else starts):
        rough = MiniBatchKMeans(
            n_clusters=cluster_count,
            init="k-means++" if start is None else start,
            n_init=3 if start is None else 1,
            batch_size=BATCH_ROWS,
            max_iter=20,
            # small clusters are for the guards to refuse, not for the fit to scatter
            reassignment_ratio=0.0,
            random_state=(seed + 7919 * attempt) % 2**32,
        ).fit(points)
        settled = KMeans(
            n_clusters=cluster_count,
            init=rough.cluster_centers_,
            n_init=1,
            max_iter=100,
            tol=1e-5,
            random_state=seed % 2**32,
        ).fit(points)
        if settled.inertia_ < best_inertia:
            best, best_inertia = settled.cluster_centers_, settled.inertia_
    return best


def extend_start(
    points: np.ndarray, start: np.ndarray, cluster_count: int, seed: int
) -> np.ndarray:
    """As many starting centres as wanted, from those of the champion.

    Too many: those that hold most points stay. Too few: points are added one by one,
    drawn by their squared distance to the nearest centre, as k-means++ draws.
    """
    held = np.bincount(nearest(points, start), minlength=len(start))
    kept = np.sort(np.argsort(-held, kind="stable")[:cluster_count])
    centers = start[kept]
    generator = np.random.default_rng(seed)
    while len(centers) < cluster_count:
        weight = cdist(points, centers, "sqeuclidean").min(axis=1)
        total = weight.sum()
        chance = weight / total if total > 0 else None
        drawn = points[generator.choice(len(points), p=chance)]
        centers = np.vstack([centers, drawn])
    return centers


def jaccard_overlap(
    one: np.ndarray, other: np.ndarray, one_count: int, other_count: int
) -> np.ndarray:
    """Members in both over members in either, for each pair of clusters."""
    both = np.zeros((one_count, other_count))
    np.add.at(both, (one, other), 1.0)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
    return np.divide(both, either, out=np.zeros_like(both), where=either > 0)


def stability_of(points: np.ndarray, centers: np.ndarray, seed: int) -> float:
    """Mean Jaccard overlap between the clusters and those of cold bootstrap re-fits."""
    rows = bounded_rows(len(points), STABILITY_ROWS, seed)
    judged, count = points[rows], len(centers)
    labels = nearest(judged, centers)
    overlaps = []
    for replicate in range(STABILITY_REPLICATES):
        generator = np.random.default_rng([seed, replicate])
        resample = judged[generator.integers(len(judged), size=len(judged))]
        if _distinct_count(resample, count) < count:
            overlaps.append(0.0)
            continue
        again = fit_centers(resample, count, seed=seed + replicate, starts=1)
        overlap = jaccard_overlap(labels, nearest(judged, again), count, count)
        matched = linear_sum_assignment(overlap, maximize=True)
        overlaps.append(float(overlap[matched].mean()))
    return float(np.mean(overlaps))


def _distinct_count(points: np.ndarray, enough: int) -> int:
    """Distinct points; counting stops being exact above ``enough`` for large input."""
    head = np.unique(points[: 50 * enough], axis=0)
    if len(head) >= enough:
        return len(head)
    return len(np.unique(points, axis=0))


def choose_clusters(
    points: np.ndarray,
    *,
    count_min: int,
    count_max: int,
    seed: int,
    guards: Guards,
    start: np.ndarray | None = None,
) -> list[Trial]:
    """Fit each number of clusters, judge it, choose one: the ledger, by count.

    Exactly one trial is chosen. When nothing can be chosen from the range, that is a
    trial of one cluster, whose reason says why. ``start`` holds the champion's centres
    in the space of ``points``. Every trial has a reason.
    """
    row_count = len(points)
    if row_count < 2 * count_min:
        why = f"only {row_count} usable users, at least {2 * count_min} are needed"
        return _one_cluster(points, _untried(count_min, count_max, why), why)
    if len(np.unique(points, axis=0)) == 1:
        why = "all usable users are equal in every clustered feature"
        return _one_cluster(points, _untried(count_min, count_max, why), why)

    with threadpool_limits(limits=1):
        trials = [
            _try_count(points, count, seed=seed + count, start=start)
            for count in range(count_min, count_max + 1)
        ]
    judged = _judge(trials, guards)
    if any(trial.is_chosen for trial in judged):
        return judged
    why = f"no number of segments from {count_min} to {count_max} passed the guards"
    return _one_cluster(points, judged, why)


def _untried(count_min, count_max, why) -> list[Trial]:
    return [
        Trial(cluster_count=count, reason=f"not tried: {why}")
        for count in range(count_min, count_max + 1)
    ]


def _one_cluster(points, trials, why) -> list[Trial]:
    dimension_count = points.shape[1]
    center = points.mean(axis=0) if len(points) else np.zeros(dimension_count)
    one = Trial(
        cluster_count=1,
        centers=center.reshape(1, dimension_count),
        smallest_share=1.0,
        start_reason="a single centre needs no start",
        is_chosen=True,
        reason=f"chosen: one segment, because {why}",
    )
    return [one, *trials]


def _try_count(points, count, *, seed, start) -> Trial:
    if len(points) < 2 * count:
        return Trial(
            cluster_count=count,
            reason=f"not tried: only {len(points)} usable users, at least {2 * count} are needed",
        )
    distinct = _distinct_count(points, count)
    if distinct < count:
        return Trial(
            cluster_count=count,
            reason=f"not tried: only {distinct} users differ from each other",
        )
    centers = fit_centers(points, count, seed=seed)
    labels = nearest(points, centers)
    silhouette = silhouette_of(points, labels, seed)
    chosen, why = "cold", "no champion to start from"
    if start is not None:
        warm = fit_centers(points, count, seed=seed, start=extend_start(points, start, count, seed))
        warm_labels = nearest(points, warm)
        warm_silhouette = silhouette_of(points, warm_labels, seed)
        needed = warm_silhouette + COLD_ADVANTAGE * abs(warm_silhouette)
        if np.isnan(warm_silhouette) or silhouette >= needed:
            why = (
                f"cold fit: silhouette {silhouette:.3f} is at least"
                f" {COLD_ADVANTAGE:.0%} better than {warm_silhouette:.3f} when"
                " started from the champion"
            )
        else:
            why = (
                f"started from the champion: silhouette {warm_silhouette:.3f},"
                f" a cold fit has {silhouette:.3f}"
            )
            chosen, centers, labels = "warm", warm, warm_labels
            silhouette = warm_silhouette

    sizes = np.bincount(labels, minlength=count)
    if (sizes == 0).any():
        return Trial(
            cluster_count=count,
            smallest_share=0.0,
            start=chosen,
            start_reason=why,
            reason="refused: a cluster without members",
        )
    return Trial(
        cluster_count=count,
        centers=centers,
        silhouette=silhouette,
        davies_bouldin=float(davies_bouldin_score(points, labels)),
        calinski_harabasz=float(calinski_harabasz_score(points, labels)),
        smallest_share=float(sizes.min() / len(points)),
        stability=stability_of(points, centers, seed),
        start=chosen,
        start_reason=why,
    )


def _judge(trials: list[Trial], guards: Guards) -> list[Trial]:
    """Guards first, then the smallest count near the best of those that passed."""
    failures = {trial.cluster_count: guard_failures(trial, guards) for trial in trials}
    passed = [trial for trial in trials if not trial.reason and not failures[trial.cluster_count]]
    if not passed:
        return [_refuse(trial, failures[trial.cluster_count]) for trial in trials]
    best = max(passed, key=lambda trial: (trial.silhouette, -trial.cluster_count))
    floor = best.silhouette - CLOSE_TO_BEST * abs(best.silhouette)
    chosen = min(trial.cluster_count for trial in passed if trial.silhouette >= floor)
    passed_counts = {trial.cluster_count for trial in passed}
    judged = []
    for trial in trials:
        if trial.cluster_count not in passed_counts:
            judged.append(_refuse(trial, failures[trial.cluster_count]))
            continue
        of_best = f"best silhouette {best.silhouette:.3f} (k = {best.cluster_count})"
        if trial.cluster_count == chosen:
            reason = (
                f"chosen: the smallest k within {CLOSE_TO_BEST:.0%} of the {of_best}"
                " among those that passed"
            )
        elif trial.silhouette < floor:
            reason = (
                f"passed, but silhouette {trial.silhouette:.3f} is more than"
                f" {CLOSE_TO_BEST:.0%} below the {of_best}"
            )
        else:
            reason = f"passed, but k = {chosen} is smaller and as good"
        judged.append(replace(trial, is_chosen=trial.cluster_count == chosen, reason=reason))
    return judged


def guard_failures(trial: Trial, guards: Guards) -> list[str]:
    """What a fitted trial fails, in words; empty when it passes."""
    failures = []
    if trial.smallest_share < guards.smallest_share:
        failures.append(
            f"smallest share {trial.smallest_share:.2%} is below {guards.smallest_share:.0%}"
        )
    if trial.stability < guards.stability:
        failures.append(f"stability {trial.stability:.4f} is below {guards.stability:.2f}")
    if trial.centers is not None and np.isnan(trial.silhouette):
        failures.append("silhouette is not defined")
    return failures


def _refuse(trial: Trial, failures: list[str]) -> Trial:
    if trial.reason:
        return trial
    silhouette = f"refused (silhouette {trial.silhouette:.3f}): "
    return replace(trial, reason=silhouette + "; ".join(failures))
