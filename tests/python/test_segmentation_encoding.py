"""Categories and counted items become numbers, and nobody's own outcome comes back."""

import numpy as np
import pandas as pd
import pytest

from kindred.segmentation import cleaning, encoding
from kindred.segmentation.cleaning import Treatment


def items_treatment(encode, count=None, feature="taste", kind="category"):
    return Treatment(
        feature=feature,
        is_clustered=True,
        kind="items",
        impute="median",
        impute_constant=None,
        outlier_method="none",
        outlier_action="none",
        transform="none",
        scale="standard",
        encode=encode,
        encode_top_count=count,
        weight=1.0,
        item_kind=kind,
    )


def counts(*rows):
    frame = pd.DataFrame(rows, columns=["user_id", "item", "item_count"])
    return frame.assign(item_kind="category")


def embedded(items, treatment, users):
    vectors = encoding.learn_vectors(items, [treatment])
    return encoding.embed(items, vectors, pd.Series(users)).reindex(
        columns=encoding.names_of([treatment])
    )


def test_a_level_is_what_its_users_are_worth():
    texts = np.array(["rich"] * 200 + ["poor"] * 200, dtype=object)
    target = np.r_[np.full(200, 5.0), np.full(200, -5.0)] + np.linspace(-1, 1, 400)
    encoded = encoding.encode_by_target(texts, target, seed=1)
    assert encoded.levels["rich"] == pytest.approx(target[:200].mean(), abs=0.1)
    assert encoded.levels["poor"] == pytest.approx(target[200:].mean(), abs=0.1)
    assert encoded.rest == pytest.approx(target.mean())


def test_a_planted_leak_does_not_reach_the_users_of_the_fit():
    """Levels of five users each and an outcome by chance: there is nothing to tell."""
    generator = np.random.default_rng(4)
    texts = np.repeat([f"level {n}" for n in range(200)], 5).astype(object)
    target = generator.normal(size=1000)
    encoded = encoding.encode_by_target(texts, target, seed=1)
    naive = pd.Series(target).groupby(texts).transform("mean")
    assert np.corrcoef(naive, target)[0, 1] > 0.4  # each user's own outcome comes back
    assert abs(np.corrcoef(encoded.held_out, target)[0, 1]) < 0.1


def test_a_users_own_outcome_does_not_move_their_own_number():
    generator = np.random.default_rng(4)
    texts = np.repeat([f"level {n}" for n in range(20)], 10).astype(object)
    target = generator.normal(size=200)
    before = encoding.encode_by_target(texts, target, seed=1).held_out
    for user in (0, 57, 199):
        changed = target.copy()
        changed[user] += 100
        after = encoding.encode_by_target(texts, changed, seed=1).held_out
        assert after[user] == before[user]


def test_rare_and_unseen_levels_share_a_bucket():
    texts = np.array(["often"] * 50 + [f"once {n}" for n in range(20)], dtype=object)
    target = np.r_[np.zeros(50), np.ones(20)] + np.linspace(0, 0.01, 70)
    encoded = encoding.encode_by_target(texts, target, seed=1)
    assert set(encoded.levels) == {"often"}
    assert encoded.rest == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("size", [0, 1, 9])
def test_few_users_get_the_mean(size):
    encoded = encoding.encode_by_target(np.array(["a"] * size, dtype=object), np.ones(size), 1)
    assert encoded.levels == {}
    assert encoded.held_out.tolist() == [1.0] * size


def test_the_fit_uses_held_out_numbers_and_scoring_the_learned_ones():
    generator = np.random.default_rng(6)
    sample = pd.DataFrame(
        {
            "city": np.repeat([f"city {n:02d}" for n in range(60)], 5),
            "money": generator.normal(size=300),
        }
    )
    shared = {"impute_constant": None, "outlier_method": "none", "outlier_action": "none"}
    shared |= {"transform": "none", "scale": "standard", "encode_top_count": None, "weight": 1.0}
    catalog = pd.DataFrame(
        [
            {"feature": "money", "is_clustered": False, "kind": "numeric", "impute": "mean"}
            | {"encode": "none", "encode_target": None}
            | shared,
            {"feature": "city", "is_clustered": True, "kind": "category", "impute": "mode"}
            | {"encode": "target", "encode_target": "money"}
            | shared,
        ]
    )
    treatments = cleaning.read_catalog(catalog)
    rows, usable = cleaning.learn(sample, treatments, seed=3)
    held_out = cleaning.held_out_encodings(sample, rows, treatments, usable, seed=3)
    fit = cleaning.apply(sample, rows, encoded=held_out)["city_target"]
    later = cleaning.apply(sample, rows)["city_target"]
    assert later.groupby(sample["city"]).nunique().max() == 1
    assert abs(np.corrcoef(fit, sample["money"])[0, 1]) < 0.15
    assert np.corrcoef(later, sample["money"])[0, 1] > 0.3
    unseen = cleaning.apply(pd.DataFrame({"city": ["nowhere"], "money": [1.0]}), rows)
    assert np.isfinite(unseen["city_target"]).all()


def test_users_who_like_alike_things_lie_together():
    generator = np.random.default_rng(2)
    rows = []
    for user in range(60):
        own = ["boots", "shoes"] if user < 30 else ["hats", "scarves"]
        rows += [(f"u{user}", item, int(generator.integers(1, 9))) for item in own]
    points = embedded(counts(*rows), items_treatment("embedding", 2), [f"u{n}" for n in range(60)])
    within = points[:30].std().mean() + points[30:].std().mean()
    between = np.linalg.norm(points[:30].mean() - points[30:].mean())
    assert between > 2 * within


def test_an_embedding_is_the_projection_of_scikit_learn():
    from sklearn.decomposition import TruncatedSVD

    generator = np.random.default_rng(2)
    table = generator.poisson(2.0, (40, 12)) + np.eye(40, 12, dtype=int)
    rows = [
        (f"u{user:02d}", f"item {item:02d}", int(table[user, item]))
        for user, item in zip(*np.nonzero(table), strict=True)
    ]
    users = [f"u{n:02d}" for n in range(40)]
    ours = embedded(counts(*rows), items_treatment("embedding", 3), users).to_numpy()
    shares = table / table.sum(axis=1, keepdims=True)
    theirs = TruncatedSVD(3, random_state=0).fit_transform(shares)
    assert np.abs(ours) == pytest.approx(np.abs(theirs), abs=1e-6)


def test_shares_are_of_the_commonest_items_and_entropy_of_all():
    items = counts(("u1", "a", 3), ("u1", "b", 1), ("u2", "a", 4), ("u3", "c", 1), ("u3", "b", 1))
    shares = embedded(items, items_treatment("shares", 2), ["u1", "u2", "u3", "nobody"])
    assert shares["taste_1"].tolist()[:3] == [0.75, 1.0, 0.0]
    assert shares["taste_2"].tolist()[:3] == [0.25, 0.0, 0.5]
    entropy = embedded(items, items_treatment("entropy"), ["u1", "u2", "u3", "nobody"])
    assert entropy["taste"].tolist()[:3] == pytest.approx([0.562335145, 0.0, np.log(2)])
    assert shares.loc[3].isna().all()
    assert entropy.loc[3].isna().all()


def test_an_item_that_the_sample_never_showed_counts_for_nothing():
    treatment = items_treatment("shares", 2)
    vectors = encoding.learn_vectors(counts(("u1", "a", 1), ("u1", "b", 1)), [treatment])
    later = counts(("u2", "a", 1), ("u2", "new", 99))
    points = encoding.embed(later, vectors, pd.Series(["u2"]))
    assert points.loc[0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "items",
    [counts(), counts(("u1", "a", 1)), counts(("u1", "a", 1), ("u2", "a", 2))],
    ids=["none", "one user", "one item"],
)
def test_too_few_items_make_unknown_numbers_and_no_error(items):
    points = embedded(items, items_treatment("embedding", 2), ["u1", "u2"])
    assert points.columns.tolist() == ["taste_1", "taste_2"]
    assert points.isna().all().all()
