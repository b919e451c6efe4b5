"""Gaps are filled from what is known, nearer to the truth than the middle user is."""

import numpy as np
import pytest
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer

from kindred.segmentation import imputing

NAMES = ["one", "two", "three", "four"]


def related(size=600, seed=1):
    """Four standard features that follow from two hidden ones, and some noise."""
    generator = np.random.default_rng(seed)
    hidden = generator.normal(size=(size, 2))
    weights = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-0.7, 0.7]])
    points = hidden @ weights.T + generator.normal(0, 0.2, (size, 4))
    return (points - points.mean(0)) / points.std(0)


def holed(points, share=0.2, seed=2):
    gaps = np.random.default_rng(seed).random(points.shape) < share
    return np.where(gaps, np.nan, points), gaps


def columns(points):
    return dict(zip(NAMES, points.T, strict=True))


def learned(points, way):
    standard, fills = columns(points), dict.fromkeys(NAMES, 0.0)
    donors, regressions = {}, {}
    if way == "knn":
        donors = {n: imputing.learn_donors(standard, fills, n, NAMES, 7) for n in NAMES}
    if way == "model":
        regressions = imputing.learn_regressions(standard, fills, NAMES, NAMES)
    return fills, donors, regressions


def error(filled, points, gaps):
    table = np.column_stack([filled[name] for name in NAMES])
    return float(np.sqrt(np.mean((table - points)[gaps] ** 2)))


@pytest.mark.parametrize(
    ("way", "oracle"),
    [("knn", KNNImputer(n_neighbors=15)), ("model", IterativeImputer(random_state=0))],
)
def test_hidden_values_are_found_about_as_well_as_scikit_learn_finds_them(way, oracle):
    points = related()
    known, gaps = holed(points)
    middle = error(imputing.fill(columns(known), *learned(known, "none")), points, gaps)
    ours = error(imputing.fill(columns(known), *learned(known, way)), points, gaps)
    theirs = error(columns(oracle.fit_transform(known)), points, gaps)
    assert ours < 0.6 * middle
    assert ours < 1.15 * theirs


@pytest.mark.parametrize("way", ["knn", "model"])
def test_known_values_stay_as_they_are(way):
    known, _ = holed(related())
    filled = imputing.fill(columns(known), *learned(known, way))
    for name, values in columns(known).items():
        assert np.array_equal(filled[name][~np.isnan(values)], values[~np.isnan(values)])
        assert not np.isnan(filled[name]).any()


@pytest.mark.parametrize("way", ["knn", "model"])
def test_a_filled_value_lies_within_what_the_sample_showed(way):
    known, _ = holed(related())
    parameters = learned(known, way)
    absurd = columns(np.array([[np.nan, 1e6, -1e6, 1e6], [-1e9, np.nan, 1e9, np.nan]]))
    filled = imputing.fill(absurd, *parameters)
    for name, values in columns(known).items():
        gaps = np.isnan(absurd[name])
        assert (filled[name][gaps] >= np.nanmin(values)).all()
        assert (filled[name][gaps] <= np.nanmax(values)).all()


@pytest.mark.parametrize("way", ["knn", "model"])
def test_one_user_is_filled_alike_alone_and_among_others(way):
    known, _ = holed(related())
    parameters = learned(known, way)
    everyone = imputing.fill(columns(known), *parameters)
    for row in range(5):
        alone = imputing.fill(columns(known[row : row + 1]), *parameters)
        assert [alone[n][0] for n in NAMES] == pytest.approx([everyone[n][row] for n in NAMES])


def test_a_user_of_whom_nothing_is_known_gets_the_learned_value():
    fills, donors, regressions = learned(holed(related())[0], "knn")
    filled = imputing.fill(columns(np.full((1, 4), np.nan)), fills, donors, regressions)
    assert [filled[name][0] for name in NAMES] == [0.0] * 4


@pytest.mark.parametrize(
    "points",
    [
        np.full((50, 4), np.nan),
        np.zeros((50, 4)),
        related(size=5),
        np.random.default_rng(3).normal(size=(5000, 4)),
    ],
    ids=["all unknown", "one value", "too few", "unrelated"],
)
def test_where_nothing_is_to_be_learned_the_learned_value_stays(points):
    standard, fills = columns(points), dict.fromkeys(NAMES, 0.0)
    assert imputing.learn_donors(standard, fills, "one", NAMES, 7) is None
    assert imputing.learn_regressions(standard, fills, NAMES, NAMES) == {}


def test_donors_are_bounded_whatever_the_sample():
    points = related(size=5000)
    donors = imputing.learn_donors(columns(points), dict.fromkeys(NAMES, 0.0), "one", NAMES, 7)
    assert len(donors.values) == imputing.DONORS


def test_a_gap_that_is_usual_for_alike_users_is_filled_by_the_learned_value():
    points = related(size=2_000)
    is_stranger = points[:, 1] < 0
    known, _ = holed(points)
    # a tenth of the strangers have a value all the same
    known[is_stranger & (np.arange(len(points)) % 10 > 0), 0] = np.nan
    standard, fills = columns(known), dict.fromkeys(NAMES, 0.0) | {"one": 0.25}
    donors = {"one": imputing.learn_donors(standard, fills, "one", NAMES, 7)}
    filled = imputing.fill(standard, fills, donors, {})["one"]
    gaps = np.isnan(known[:, 0])
    deep, high = gaps & (points[:, 1] < -1), gaps & (points[:, 1] > 1)
    assert np.median(np.abs(filled[deep] - 0.25)) < 0.01
    assert abs(filled[high] - points[high, 0]).mean() < 0.6 * abs(0.25 - points[high, 0]).mean()


@pytest.mark.parametrize("way", ["knn", "model"])
def test_a_gap_that_has_a_meaning_is_filled_by_the_learned_value(way):
    points = related()
    points[::2, 0] = np.nan
    standard = columns(points)
    fills, donors, regressions = learned(points, way)
    is_usual = np.arange(len(points)) % 4 == 0
    usual = dict.fromkeys(NAMES, is_usual)
    filled = imputing.fill(standard, fills | {"one": 0.125}, donors, regressions, usual)["one"]
    accidents = np.isnan(points[:, 0]) & ~is_usual
    assert (filled[is_usual] == 0.125).all()
    assert (filled[accidents] != 0.125).all()


def test_duplicated_users_are_one_donor():
    points = np.repeat(related(size=4), 25, axis=0)
    donors = imputing.learn_donors(columns(points), dict.fromkeys(NAMES, 0.0), "one", NAMES, 7)
    assert len(donors.values) == 4
