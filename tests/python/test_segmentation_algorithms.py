"""Each algorithm is told as cores, scores as scikit-learn predicts, and survives any input."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import make_moons
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors
from test_segmentation_fitting import CATALOG, fitted, reasons, scored, text, users

from kindred.segmentation import clustering
from kindred.segmentation.clustering import ALGORITHMS, Cores, Guards
from kindred.segmentation.fitting import read_cores


def camps(seed=0, each=150, spread=0.5):
    generator = np.random.default_rng(seed)
    centers = [(0, 0, 0), (6, 0, 1), (0, 6, 2), (5, 5, 5)]
    return np.vstack([generator.normal(center, spread, (each, 3)) for center in centers])


def test_cores_of_k_means_are_its_predict():
    points = camps()
    centers = clustering.fit_centers(points, 4, seed=1)
    model = KMeans(4, init=centers, n_init=1, max_iter=1).fit(points)
    model.cluster_centers_ = centers
    assert (Cores.at(centers).labels(points) == model.predict(points)).all()


def test_cores_of_a_mixture_are_its_predict_and_its_posterior():
    points = camps(spread=1.8)
    mixture = GaussianMixture(4, covariance_type="diag", random_state=0).fit(points)
    cores = clustering.cores_of_mixture(mixture)
    assert (cores.labels(points) == mixture.predict(points)).all()
    squared = cores.squared_distances(points)
    assert (squared >= 0).all()
    posterior = np.exp(-(squared - squared.min(axis=1, keepdims=True)) / 2)
    posterior /= posterior.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(posterior, mixture.predict_proba(points), atol=1e-9)


def test_cores_of_a_density_model_are_the_labels_of_dbscan():
    moons, _ = make_moons(500, noise=0.06, random_state=3)
    stray = np.random.default_rng(1).uniform(-3, 4, (40, 2))
    points = np.vstack([moons, stray])
    model = DBSCAN(eps=0.2, min_samples=5).fit(points)
    cores = clustering.fit_density(points, radius=0.2, neighbor_count=5)
    assert cores.is_noise.tolist() == [False] * (cores.cluster_count - 1) + [True]
    truth = np.where(model.labels_ == -1, cores.cluster_count - 1, model.labels_)
    # a border point within reach of two clusters goes to whichever DBSCAN walked first
    near = NearestNeighbors(radius=0.2).fit(points[model.core_sample_indices_])
    reached = [
        len(set(model.labels_[model.core_sample_indices_][found]))
        for found in near.radius_neighbors(points, return_distance=False)
    ]
    is_ambiguous = np.array(reached) > 1
    assert is_ambiguous.mean() < 0.02
    assert (cores.labels(points) == truth)[~is_ambiguous].all()
    assert set(truth) == set(range(cores.cluster_count))


def test_a_density_model_without_noise_has_no_segment_for_it():
    points = np.repeat(np.array([[0.0, 0.0], [9.0, 9.0]]), 20, axis=0)
    cores = clustering.fit_density(points, radius=1.0, neighbor_count=3)
    assert cores.cluster_count == 2
    assert not cores.is_noise.any()
    assert clustering.fit_density(points[[0, 20]], radius=1.0, neighbor_count=3) is None


def test_distances_do_not_depend_on_how_many_points_are_asked_at_once():
    points = camps(each=3000)
    cores = Cores.at(points[:5])
    whole = cores.squared_distances(points)
    np.testing.assert_array_equal(whole[-7:], cores.squared_distances(points[-7:]))


def test_clusters_in_another_order_are_the_same_clusters():
    moons, _ = make_moons(300, noise=0.08, random_state=3)
    cores = clustering.fit_density(moons, radius=0.15, neighbor_count=6)
    order = np.arange(cores.cluster_count)[::-1]
    turned = cores.in_order(order)
    assert (order[turned.labels(moons)] == cores.labels(moons)).all()
    assert (np.diff(turned.clusters) >= 0).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_camps_are_found_and_refits_are_equal(algorithm):
    points = camps()
    settings = {"count_min": 2, "count_max": 7, "seed": 3, "guards": Guards()}
    trials = clustering.choose_clusters(points, algorithm=algorithm, **settings)
    chosen = next(trial for trial in trials if trial.is_chosen)
    labels = chosen.cores.labels(points)
    for camp in range(4):
        # all but strays of a camp are together
        counts = np.bincount(labels[camp * 150 : (camp + 1) * 150])
        assert counts.max() >= 135
    again = clustering.choose_clusters(points, algorithm=algorithm, **settings)
    for one, other in zip(trials, again, strict=True):
        assert one.reason == other.reason
        if one.cores is not None:
            np.testing.assert_array_equal(one.cores.centers, other.cores.centers)


def test_counts_tried_side_by_side_are_those_tried_one_by_one_and_in_order(monkeypatch):
    points = np.random.default_rng(1).normal(size=(1_500, 8))
    settings = {"count_min": 3, "count_max": 5, "seed": 5, "guards": Guards()}
    monkeypatch.setattr(clustering.os, "cpu_count", lambda: 3)
    together = clustering.choose_clusters(points, **settings)[-3:]
    monkeypatch.setattr(clustering, "SIDE_BY_SIDE", 1)
    alone = clustering.choose_clusters(points, **settings)[-3:]
    assert [one.cluster_count for one in together] == [3, 4, 5]
    for one, other in zip(together, alone, strict=True):
        assert one.scores == other.scores
        # to the last bit
        assert (one.cores.centers == other.cores.centers).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_rows_give_back_the_cores_that_were_fitted(algorithm):
    sample = users(each=120)
    rows = fitted(sample, algorithm=algorithm, segment_count_max=5)
    segments, dimensions, cores = read_cores(rows)
    assert dimensions == sorted(CATALOG["feature"])
    assert len(segments) == cores.cluster_count >= 3
    found = pd.crosstab(sample["camp"].to_numpy(), scored(sample, rows).to_numpy())
    assert found.max(axis=1).sum() >= 0.9 * len(sample)
    if cores.is_noise.any():
        assert cores.is_noise.tolist().index(True) == cores.cluster_count - 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "case",
    ["nobody", "one", "fewer than clusters", "equal", "all unknown", "two kinds"],
)
def test_input_without_structure_is_one_segment_with_a_reason(algorithm, case):
    sample = users(each=20)
    sample = {
        "nobody": sample.head(0),
        "one": sample.head(1),
        "fewer than clusters": sample.head(5),
        "equal": sample.iloc[[0] * 40].assign(user_id=[str(n) for n in range(40)]),
        "all unknown": sample.assign(**dict.fromkeys(CATALOG["feature"], np.nan)),
        "two kinds": sample.iloc[[0, 59] * 20].assign(user_id=[str(n) for n in range(40)]),
    }[case]
    rows = fitted(sample, algorithm=algorithm)
    assert read_cores(rows)[0] == ["segment_001"]
    assert text(rows, "model", "reason").startswith("chosen: one segment, because")
    assert set(reasons(rows)) == {1, 3, 4}
    assert all(reasons(rows).values())
    assert scored(users(each=2), rows).eq("segment_001").all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "case", ["heavy tails", "near constant", "perfectly correlated", "duplicates", "empty column"]
)
def test_awkward_input_is_fitted_and_everyone_is_scored(algorithm, case):
    sample = users(each=80)
    generator = np.random.default_rng(2)
    if case == "heavy tails":
        sample["revenue_365d"] = generator.pareto(0.6, len(sample)) * 100
    if case == "near constant":
        sample["view_to_cart_rate_365d"] = 0.25
        sample.loc[:1, "view_to_cart_rate_365d"] = 0.2500001
    if case == "perfectly correlated":
        sample["order_count_365d"] = sample["revenue_365d"] / 30
    if case == "duplicates":
        sample = pd.concat([sample] * 3, ignore_index=True)
        sample["user_id"] = [f"u{n:05d}" for n in range(len(sample))]
    if case == "empty column":
        sample["view_to_cart_rate_365d"] = np.nan
    rows = fitted(sample, algorithm=algorithm, segment_count_min=2)
    segments, _, cores = read_cores(rows)
    assert len(segments) >= 1
    assert np.isfinite(cores.offsets).all()
    assert np.isfinite(cores.centers[~np.isnan(cores.centers).all(axis=1)]).all()
    assert scored(sample, rows).isin(segments).all()
    assert all(reasons(rows).values())


def test_no_radius_that_gives_a_count_is_said():
    trials = clustering.choose_clusters(
        camps(), count_min=2, count_max=9, seed=1, guards=Guards(), algorithm="dbscan"
    )
    told = {trial.cluster_count: trial.reason for trial in trials}
    assert "not found: no radius from" in told[9]


def test_the_number_of_users_a_density_fit_looks_at_is_bounded(monkeypatch):
    monkeypatch.setattr(clustering, "DENSITY_ROWS", 200)
    trials = clustering.choose_clusters(
        camps(), count_min=4, count_max=5, seed=1, guards=Guards(), algorithm="dbscan"
    )
    fitted_ones = [trial for trial in trials if trial.start == "density"]
    assert fitted_ones
    for trial in fitted_ones:
        assert len(trial.cores.centers) <= 201
