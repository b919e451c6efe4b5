"""Fit models, judge them, and choose how many segments. Points in, cores and a ledger out.

A fitted model is a set of `Cores`, whichever algorithm found them, so that whoever scores
with it need not know which one did.

Every fit runs on one thread: the order in which threads add floats is not fixed, and
equal input must give equal centres to the last bit. Numbers of clusters, of which none
knows of the other, are tried side by side.
"""

import os
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN, KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
)
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

ALGORITHMS = ("minibatch_kmeans", "gaussian_mixture", "dbscan")
SILHOUETTE_ROWS = 5_000
STABILITY_ROWS = 2_000
STABILITY_REPLICATES = 10
BATCH_ROWS = 4_096
SIDE_BY_SIDE = 4  # fits at a time; each may hold 200 MB of distances
# with 3 a first model of UCI Online Retail lay in a poor optimum, which re-fits then left
COLD_STARTS = 10
# how far centres may still move, as scikit-learn counts it, where passes end
COLD_TOLERANCE, WARM_TOLERANCE = 1e-5, 1e-3
COLD_ADVANTAGE = 0.05  # what a cold fit must be better by to replace a warm one
CLOSE_TO_BEST = 0.10  # silhouettes and stabilities this near to the best are as good
CLEAR_ERRORS = 3.0  # unless the same users tell silhouettes apart by so many standard errors
VARIANCE_FLOOR = 1e-2  # of a mixture's component, on the model's scale: no spike on one value
DENSITY_ROWS = 2_000  # users a density model is fitted on; each may become a core
# radii tried, of the k-distance curve, beside its knee
DENSITY_QUANTILES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0)


@dataclass(frozen=True)
class Guards:
    """What a clustering must satisfy before its silhouette is looked at.

    ``smallest_share`` of users in the smallest cluster, ``stability`` as mean Jaccard
    overlap under resampling, both 0 to 1. The others guard the promotion of a
    challenger: how much of the champion's silhouette it may lose (a share of it), how
    far the clustered features may have drifted (mean population stability index), and
    which share of users it may move to another segment without a silhouette that is
    clearly better (by `COLD_ADVANTAGE`).
    """

    smallest_share: float = 0.02
    stability: float = 0.60
    silhouette_loss: float = 0.10
    drift: float = 0.50
    moved_share: float = 0.20


@dataclass(frozen=True)
class Cores:
    """A fitted model: the cluster of the nearest core wins, the first of equally near ones.

    ``clusters`` (cores) is the place of each core's cluster, in rising order; ``centers``
    and ``scales`` (cores x dimensions) and ``offsets`` (cores) give the squared distance
    of a point as ``offset + sum(((point - center) * scale) ** 2)``.

    k-means has one core a cluster, of scale 1 and offset 0. A mixture of Gaussians with
    diagonal covariances has one core a component: the scale is 1 over the deviation, and
    the offset holds weight and volume, so that the distance is -2 log of the posterior up
    to a constant of the point. A density model has a core for each core point, and noise is
    a core without a place (its centre is nan and adds nothing) whose offset is the squared
    radius: what is farther than that from every core point is noise.
    """

    clusters: np.ndarray
    centers: np.ndarray
    scales: np.ndarray
    offsets: np.ndarray

    @classmethod
    def at(cls, centers: np.ndarray) -> "Cores":
        """One plain core a cluster."""
        return cls(np.arange(len(centers)), centers, np.ones_like(centers), np.zeros(len(centers)))

    @property
    def cluster_count(self) -> int:
        """Clusters, noise among them."""
        return int(self.clusters[-1]) + 1 if len(self.clusters) else 0

    @property
    def is_noise(self) -> np.ndarray:
        """For each cluster, whether it holds what lies near no core point."""
        starts = np.searchsorted(self.clusters, np.arange(self.cluster_count))
        return np.isnan(self.centers[starts]).all(axis=1)

    def squared_distances(self, points: np.ndarray) -> np.ndarray:
        """Of each point to each cluster: to its nearest core (points x clusters)."""
        starts = np.searchsorted(self.clusters, np.arange(self.cluster_count))
        is_plain = (self.scales == 1).all(axis=1) & ~np.isnan(self.centers).any(axis=1)
        distances = np.empty((len(points), self.cluster_count))
        for first in range(0, len(points), BATCH_ROWS):
            some = points[first : first + BATCH_ROWS]
            to_cores = np.empty((len(some), len(self.clusters)))
            to_cores[:, is_plain] = cdist(some, self.centers[is_plain], "sqeuclidean")
            for core in np.flatnonzero(~is_plain):
                away = (some - self.centers[core]) * self.scales[core]
                to_cores[:, core] = np.nansum(away * away, axis=1)
            to_cores += self.offsets
            distances[first : first + BATCH_ROWS] = np.minimum.reduceat(to_cores, starts, axis=1)
        return distances

    def labels(self, points: np.ndarray) -> np.ndarray:
        """The place of the nearest cluster of each point."""
        return self.squared_distances(points).argmin(axis=1)

    def in_order(self, order: np.ndarray) -> "Cores":
        """The same model with its clusters in another order."""
        picked = np.concatenate([np.flatnonzero(self.clusters == old) for old in order])
        places = np.argsort(order)[self.clusters[picked]]
        return Cores(places, self.centers[picked], self.scales[picked], self.offsets[picked])


@dataclass(frozen=True)
class Trial:
    """One number of clusters, fitted and judged. Scores are nan when not fitted."""

    cluster_count: int
    cores: Cores | None = None
    silhouette: float = np.nan
    silhouettes: np.ndarray | None = None  # of the users that were judged, the same in each trial
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


def side_by_side(fit: Callable[[Any], Any], tasks: Iterable[Any]) -> list[Any]:
    """What ``fit`` makes of each task, in their order: each on one thread, several at a time."""
    # a limit on OpenMP holds for the thread that sets it, one on BLAS for all of them
    one_thread = partial(threadpool_limits, limits=1, user_api="openmp")
    workers = min(os.cpu_count() or 1, SIDE_BY_SIDE)
    with (
        threadpool_limits(limits=1),
        ThreadPoolExecutor(workers, initializer=one_thread) as pool,
    ):
        return list(pool.map(fit, tasks))


def silhouettes_of(points: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray | None:
    """Silhouettes of a bounded, seeded draw of rows; None when they are not defined."""
    rows = bounded_rows(len(points), SILHOUETTE_ROWS, seed)
    distinct = len(np.unique(labels[rows]))
    if not 2 <= distinct < len(rows):
        return None
    return silhouette_samples(points[rows], labels[rows])


def silhouette_of(points: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Mean silhouette on a bounded, seeded draw of rows; nan when it is not defined."""
    silhouettes = silhouettes_of(points, labels, seed)
    return float("nan") if silhouettes is None else float(silhouettes.mean())


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
    that follow cost little on a bounded sample and make re-fits agree. The best of several
    seeded starts is kept. With ``start`` these centres are the only start, no mini batch
    scatters them, and the passes end as soon as the centres hardly move: the last of them
    follow the chance of a sample, for 0.03 % of inertia.
    """
    if start is not None:
        return _settle(points, start, tolerance=WARM_TOLERANCE, seed=seed).cluster_centers_
    fits = []
    for attempt in range(starts):
        rough = MiniBatchKMeans(
            n_clusters=cluster_count,
            init="k-means++",
            n_init=3,
            batch_size=BATCH_ROWS,
            max_iter=20,
            # small clusters are for the guards to refuse, not for the fit to scatter
            reassignment_ratio=0.0,
            random_state=(seed + 7919 * attempt) % 2**32,
        ).fit(points)
        fits.append(_settle(points, rough.cluster_centers_, tolerance=COLD_TOLERANCE, seed=seed))
    return min(fits, key=lambda fit: fit.inertia_).cluster_centers_


def _settle(points: np.ndarray, start: np.ndarray, *, tolerance: float, seed: int) -> KMeans:
    return KMeans(
        n_clusters=len(start),
        init=start,
        n_init=1,
        max_iter=100,
        tol=tolerance,
        random_state=seed % 2**32,
    ).fit(points)


def fit_mixture(
    points: np.ndarray,
    cluster_count: int,
    *,
    seed: int,
    start: np.ndarray | None = None,
    starts: int = COLD_STARTS,
) -> Cores:
    """Cores of a Gaussian mixture with diagonal covariances, by expectation-maximization.

    It begins at the k-means clusters that the same start leads to. Covariances are
    diagonal so that a user is scored by one sum over dimensions, in SQL as here.
    """
    centers = fit_centers(points, cluster_count, seed=seed, start=start, starts=starts)
    labels = nearest(points, centers)
    members = [points[labels == place] for place in range(cluster_count)]
    variances = np.vstack([m.var(axis=0) if len(m) else points.var(axis=0) for m in members])
    weights = np.array([max(len(m), 1) for m in members], dtype="float64")
    mixture = GaussianMixture(
        cluster_count,
        covariance_type="diag",
        reg_covar=VARIANCE_FLOOR,
        max_iter=200,
        weights_init=weights / weights.sum(),
        means_init=centers,
        precisions_init=1 / (variances + VARIANCE_FLOOR),
        random_state=seed % 2**32,
    )
    mixture.fit(points)
    return cores_of_mixture(mixture)


def cores_of_mixture(mixture: GaussianMixture) -> Cores:
    """A fitted mixture with diagonal covariances as cores; the nearest is its `predict`."""
    scales = mixture.precisions_cholesky_
    offsets = -2 * (np.log(mixture.weights_) + np.log(scales).sum(axis=1))
    # only differences count; from 0 up, a distance has a square root
    return Cores(np.arange(len(scales)), mixture.means_, scales, offsets - offsets.min())


def fit_density(points: np.ndarray, *, radius: float, neighbor_count: int) -> Cores | None:
    """Cores of DBSCAN, and of its noise as the last cluster; None when all is noise.

    A border point belongs to its nearest core point, not to whichever cluster was walked
    first, so that users who come later are placed by the same rule.
    """
    found = DBSCAN(eps=radius, min_samples=neighbor_count).fit(points)
    if not len(found.core_sample_indices_):
        return None
    clusters = found.labels_[found.core_sample_indices_]
    order = np.argsort(clusters, kind="stable")
    clusters, centers = clusters[order], points[found.core_sample_indices_][order]
    offsets = np.zeros(len(centers))
    if (found.labels_ == -1).any():
        clusters = np.append(clusters, clusters[-1] + 1)
        centers = np.vstack([centers, np.full(points.shape[1], np.nan)])
        # a core point at exactly the radius still holds
        offsets = np.append(offsets, radius**2 * (1 + 1e-12))
    return Cores(clusters, centers, np.ones_like(centers), offsets)


def fit_cores(points: np.ndarray, cluster_count: int, *, algorithm: str, **settings) -> Cores:
    """Fit one number of clusters by k-means or as a mixture; settings of `fit_centers`."""
    if algorithm == "gaussian_mixture":
        return fit_mixture(points, cluster_count, **settings)
    return Cores.at(fit_centers(points, cluster_count, **settings))


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


def stability_of(
    points: np.ndarray, cores: Cores, seed: int, refit: Callable[[np.ndarray, int], Cores | None]
) -> float:
    """Mean Jaccard overlap between the clusters and those of cold bootstrap re-fits.

    ``refit`` fits a resample with a seed, or gives None when it cannot (Hennig 2007,
    Cluster-wise assessment of cluster stability).
    """
    rows = bounded_rows(len(points), STABILITY_ROWS, seed)
    judged, count = points[rows], cores.cluster_count
    labels = cores.labels(judged)
    overlaps = []
    for replicate in range(STABILITY_REPLICATES):
        generator = np.random.default_rng([seed, replicate])
        resample = judged[generator.integers(len(judged), size=len(judged))]
        again = refit(resample, seed + replicate)
        if again is None:
            overlaps.append(0.0)
            continue
        overlap = jaccard_overlap(labels, again.labels(judged), count, again.cluster_count)
        matched = linear_sum_assignment(overlap, maximize=True)
        overlaps.append(float(overlap[matched].sum() / count))
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
    algorithm: str = ALGORITHMS[0],
) -> list[Trial]:
    """Fit each number of clusters, judge it, choose one: the ledger, by count.

    ``algorithm`` is one of `ALGORITHMS`. A density model finds its number of clusters
    itself: there, radii are tried, and each number that one of them leads to is judged.
    Raises ValueError for another algorithm.

    Exactly one trial is chosen. When nothing can be chosen from the range, that is a
    trial of one cluster, whose reason says why. ``start`` holds the champion's centres
    in the space of ``points``. Every trial has a reason.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(
            f"segmentation_algorithm is {algorithm!r}; it must be one of {', '.join(ALGORITHMS)}"
        )
    row_count = len(points)
    if row_count < 2 * count_min:
        why = f"only {row_count} usable users, at least {2 * count_min} are needed"
        return _one_cluster(points, _untried(count_min, count_max, why), why)
    if len(np.unique(points, axis=0)) == 1:
        why = "all usable users are equal in every clustered feature"
        return _one_cluster(points, _untried(count_min, count_max, why), why)

    if algorithm == "dbscan":
        with threadpool_limits(limits=1):
            trials = _try_radii(points, count_min, count_max, seed=seed, guards=guards)
    else:
        trials = _try_counts(points, count_min, count_max, algorithm, seed=seed, start=start)
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
        cores=Cores.at(center.reshape(1, dimension_count)),
        smallest_share=1.0,
        start_reason="a single centre needs no start",
        is_chosen=True,
        reason=f"chosen: one segment, because {why}",
    )
    return [one, *trials]


def _try_counts(points, count_min, count_max, algorithm, *, seed: int, start) -> list[Trial]:
    with warnings.catch_warnings():
        # where a mixture stops after 200 steps is a model like any other, and is judged like
        # one; filters of warnings are of the process, so they are set once for all threads
        warnings.simplefilter("ignore", ConvergenceWarning)
        attempt = partial(_try_count, points, algorithm=algorithm, seed=seed, start=start)
        # the largest first, for they take longest
        return side_by_side(attempt, range(count_max, count_min - 1, -1))[::-1]


def _try_count(points, count, *, algorithm, seed: int, start) -> Trial:
    judge_seed, seed = seed, seed + count  # every count is judged by the same users
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
    cores = fit_cores(points, count, algorithm=algorithm, seed=seed)
    silhouette = silhouette_of(points, cores.labels(points), seed)
    chosen, why = "cold", "no champion to start from"
    if start is not None:
        extended = extend_start(points, start, count, seed)
        warm = fit_cores(points, count, algorithm=algorithm, seed=seed, start=extended)
        warm_silhouette = silhouette_of(points, warm.labels(points), seed)
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
            chosen, cores = "warm", warm

    def refit(resample, refit_seed):
        if _distinct_count(resample, count) < count:
            return None
        return fit_cores(resample, count, algorithm=algorithm, seed=refit_seed, starts=1)

    trial = Trial(cluster_count=count, cores=cores, start=chosen, start_reason=why)
    return _scored(trial, points, seed, refit, judge_seed)


def _scored(trial: Trial, points: np.ndarray, seed: int, refit, judge_seed: int) -> Trial:
    labels = trial.cores.labels(points)
    sizes = np.bincount(labels, minlength=trial.cluster_count)
    if (sizes == 0).any():
        return replace(
            trial, cores=None, smallest_share=0.0, reason="refused: a cluster without members"
        )
    silhouettes = silhouettes_of(points, labels, judge_seed)
    return replace(
        trial,
        silhouette=float("nan") if silhouettes is None else float(silhouettes.mean()),
        silhouettes=silhouettes,
        davies_bouldin=float(davies_bouldin_score(points, labels)),
        calinski_harabasz=float(calinski_harabasz_score(points, labels)),
        smallest_share=float(sizes.min() / len(points)),
        stability=stability_of(points, trial.cores, seed, refit),
    )


def _try_radii(points, count_min, count_max, *, seed, guards) -> list[Trial]:
    """Density models of the radii that the k-distance curve suggests, one a count.

    The curve is each user's distance to the n-th neighbour, sorted (Ester et al. 1996);
    n is twice the number of dimensions (Sander et al. 1998), or so many users that a crowd
    below the smallest share is noise. Of the radii that lead to one count, that of the best
    silhouette stays.
    """
    rows = bounded_rows(len(points), DENSITY_ROWS, seed)
    drawn = points[rows]
    share_count = int(np.ceil(guards.smallest_share * len(drawn))) + 1
    neighbor_count = max(3, min(2 * points.shape[1], len(drawn) // 10), share_count)
    nth = NearestNeighbors(n_neighbors=min(neighbor_count, len(drawn))).fit(drawn)
    curve = np.sort(nth.kneighbors(drawn)[0][:, -1])
    radii = {float(np.quantile(curve, q)) for q in DENSITY_QUANTILES} | {_knee(curve)}
    found: dict[int, tuple[float, float, Cores]] = {}
    for radius in sorted(r for r in radii if r > 0):
        cores = fit_density(drawn, radius=radius, neighbor_count=neighbor_count)
        if cores is None or cores.cluster_count < 2:
            continue
        silhouette = silhouette_of(points, cores.labels(points), seed)
        best = found.get(cores.cluster_count)
        if best is None or silhouette > best[1]:
            found[cores.cluster_count] = (radius, silhouette, cores)

    trials = []
    for count in range(count_min, count_max + 1):
        if count not in found:
            why = (
                f"not found: no radius from {min(radii):.3f} to {max(radii):.3f} with"
                f" {neighbor_count} neighbours gives {count} segments, noise among them"
            )
            trials.append(Trial(cluster_count=count, reason=why))
            continue
        radius, _, cores = found[count]
        trial = Trial(
            cluster_count=count,
            cores=cores,
            start="density",
            start_reason=f"{neighbor_count} neighbours within {radius:.3f}; needs no start",
        )

        def refit(resample, _, radius=radius):
            return fit_density(resample, radius=radius, neighbor_count=neighbor_count)

        trials.append(_scored(trial, points, seed, refit, seed))
    return trials


def _knee(curve: np.ndarray) -> float:
    """The value of a rising curve that lies farthest below the line between its ends."""
    line = np.linspace(curve[0], curve[-1], len(curve))
    return float(curve[np.argmax(line - curve)])


def _judge(trials: list[Trial], guards: Guards) -> list[Trial]:
    """Guards first, then the smallest count near the best of those that passed.

    Near in silhouette, and not clearly worse where the same users are compared; and among
    these near in stability: a coarser segmentation that the next fit would draw otherwise is
    not as good.
    """
    failures = {trial.cluster_count: guard_failures(trial, guards) for trial in trials}
    passed = [trial for trial in trials if not trial.reason and not failures[trial.cluster_count]]
    if not passed:
        return [_refuse(trial, failures[trial.cluster_count]) for trial in trials]
    best = max(passed, key=lambda trial: (trial.silhouette, -trial.cluster_count))
    floor = best.silhouette - CLOSE_TO_BEST * abs(best.silhouette)
    close = [t for t in passed if t.silhouette >= floor and _errors_below(t, best) <= CLEAR_ERRORS]
    steady = (1 - CLOSE_TO_BEST) * max(trial.stability for trial in close)
    chosen = min(trial.cluster_count for trial in close if trial.stability >= steady)
    passed_counts = {trial.cluster_count for trial in passed}
    judged = []
    for trial in trials:
        if trial.cluster_count not in passed_counts:
            judged.append(_refuse(trial, failures[trial.cluster_count]))
            continue
        of_best = f"best silhouette {best.silhouette:.3f} (k = {best.cluster_count})"
        if trial.cluster_count == chosen:
            reason = (
                f"chosen: the smallest k within {CLOSE_TO_BEST:.0%} and {CLEAR_ERRORS:.0f}"
                f" standard errors of the {of_best} among those that passed, and as stable as"
                " any of them"
            )
        elif trial.silhouette < floor:
            reason = (
                f"passed, but silhouette {trial.silhouette:.3f} is more than"
                f" {CLOSE_TO_BEST:.0%} below the {of_best}"
            )
        elif _errors_below(trial, best) > CLEAR_ERRORS:
            reason = (
                f"passed, but silhouette {trial.silhouette:.3f} is clearly below the {of_best}:"
                f" by {_errors_below(trial, best):.1f} standard errors of the same users"
            )
        elif trial.stability < steady:
            reason = (
                f"passed, but stability {trial.stability:.3f} is more than"
                f" {CLOSE_TO_BEST:.0%} below the best of those close to the {of_best}"
            )
        else:
            reason = f"passed, but k = {chosen} is smaller and as good"
        judged.append(replace(trial, is_chosen=trial.cluster_count == chosen, reason=reason))
    return judged


def _errors_below(trial: Trial, best: Trial) -> float:
    """By how many standard errors the same users' silhouettes are worse on average."""
    differences = best.silhouettes - trial.silhouettes
    error = differences.std() / np.sqrt(len(differences))
    return float(differences.mean() / error) if error > 0 else 0.0


def guard_failures(trial: Trial, guards: Guards) -> list[str]:
    """What a fitted trial fails, in words; empty when it passes."""
    failures = []
    if trial.smallest_share < guards.smallest_share:
        failures.append(
            f"smallest share {trial.smallest_share:.2%} is below {guards.smallest_share:.0%}"
        )
    if trial.stability < guards.stability:
        failures.append(f"stability {trial.stability:.4f} is below {guards.stability:.2f}")
    if trial.cores is not None and np.isnan(trial.silhouette):
        failures.append("silhouette is not defined")
    return failures


def _refuse(trial: Trial, failures: list[str]) -> Trial:
    if trial.reason:
        return trial
    silhouette = f"refused (silhouette {trial.silhouette:.3f}): "
    return replace(trial, reason=silhouette + "; ".join(failures))
