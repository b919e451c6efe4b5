"""Guesses learn from beginnings alone, never from who is held out, and never crash."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax

from kindred.segmentation.guessing import (
    CATEGORIES,
    INTERCEPT,
    NUMBERS,
    STAGES,
    is_held_out,
    learn_guesses,
)

PROJECT = Path(__file__).parents[2]
SEGMENTS = ["segment_001", "segment_002", "segment_003"]


def beginnings(count=600, seed=0):
    """First sessions in which carts tell one segment, the channel another."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(len(SEGMENTS), size=count)
    frame = pd.DataFrame({"user_id": [f"u{n:05d}" for n in range(count)], "has_session": True})
    for category in CATEGORIES:
        frame[category] = chance.choice(["one", "other"], size=count)
    frame["acquisition_channel"] = np.where(
        (labels == 1) & (chance.random(count) < 0.8), "Email", "Direct"
    )
    for number in NUMBERS:
        frame[number] = chance.poisson(3, size=count).astype("float64")
    frame["cart_count"] = np.where(labels == 0, chance.poisson(4, count), 0).astype("float64")
    return frame, labels


def learned(frame, labels, segments=None):
    return learn_guesses(frame, frame["user_id"], labels, segments or SEGMENTS, seed=3)


def coefficients(rows, stage):
    chosen = rows[rows["record"].eq("guess") & rows["name"].eq(stage)]
    return chosen.pivot(index="segment_id", columns="feature", values="value")


def probabilities(rows, frame, stage):
    """From the rows alone, as SQL does it: a sum of terms, and its softmax."""
    table = coefficients(rows, stage)
    scores = np.tile(table[INTERCEPT].to_numpy(), (len(frame), 1))
    for term in table.columns.drop(INTERCEPT):
        name, _, level = term.partition("=")
        values = frame[name].eq(level) if level else np.log1p(frame[name].fillna(0))
        scores += np.outer(values.astype("float64"), table[term])
    return pd.DataFrame(softmax(scores, axis=1), columns=table.index)


def training(rows, stage):
    chosen = rows["record"].eq("guess_training") & rows["name"].eq(stage)
    return rows.loc[chosen, "text"].iloc[0]


def test_a_guess_finds_what_the_first_session_foretells_and_beats_the_majority():
    frame, labels = beginnings()
    rows = learned(frame, labels)
    held_out = is_held_out(frame["user_id"])
    majority = np.bincount(labels[~held_out]).argmax()
    shares = {"majority": (labels[held_out] == majority).mean()}
    for stage in STAGES:
        guess = probabilities(rows, frame, stage).to_numpy().argmax(axis=1)
        shares[stage] = (guess == labels)[held_out].mean()
    assert shares["majority"] + 0.1 < shares["prior"] < shares["cold_start"] - 0.1


def test_the_prior_knows_nothing_of_the_session():
    rows = learned(*beginnings())
    terms = coefficients(rows, "prior").columns.drop(INTERCEPT)
    assert {term.partition("=")[0] for term in terms} <= set(CATEGORIES)
    assert set(NUMBERS) <= set(coefficients(rows, "cold_start").columns)


def test_nothing_is_learned_from_who_is_held_out():
    frame, labels = beginnings()
    held_out = is_held_out(frame["user_id"])
    other = frame.copy()
    other.loc[held_out, "cart_count"] = 99.0
    other.loc[held_out, "acquisition_channel"] = "Sponsored"
    wrong = np.where(held_out, 2, labels)
    pd.testing.assert_frame_equal(learned(frame, labels), learned(other, wrong))


def test_rows_depend_on_neither_order_nor_users_without_a_segment():
    frame, labels = beginnings()
    order = np.random.default_rng(1).permutation(len(frame))
    more = pd.concat([frame.iloc[order], frame.head(9).assign(user_id=lambda f: "x" + f.user_id)])
    again = learn_guesses(more, frame["user_id"].iloc[order], labels[order], SEGMENTS, seed=3)
    pd.testing.assert_frame_equal(learned(frame, labels), again)


def test_a_level_never_met_counts_as_the_mean_of_those_that_were():
    frame, labels = beginnings()
    rows = learned(frame, labels)
    strangers = frame.assign(acquisition_channel="Never Seen", country="Nowhere")
    table = coefficients(rows, "prior")
    trained = frame[~is_held_out(frame["user_id"])]
    for category in ("acquisition_channel", "country"):
        levels = trained[category].value_counts(normalize=True)
        mean = sum(table[f"{category}={level}"] * share for level, share in levels.items())
        np.testing.assert_allclose(mean, 0, atol=1e-9)
    assert np.isfinite(probabilities(rows, strangers, "prior").to_numpy()).all()


def test_two_segments_have_probabilities_that_follow_the_evidence():
    frame, labels = beginnings()
    two = np.minimum(labels, 1)
    rows = learned(frame, two, SEGMENTS[:2])
    likely = probabilities(rows, frame, "cold_start")["segment_001"]
    held_out = is_held_out(frame["user_id"])
    carts = frame["cart_count"].gt(0).to_numpy() & held_out
    assert likely[carts].mean() == pytest.approx((two[carts] == 0).mean(), abs=0.1)
    assert likely[held_out].mean() == pytest.approx((two[held_out] == 0).mean(), abs=0.1)


@pytest.mark.parametrize("stage", STAGES)
def test_one_segment_is_certain(stage):
    frame, labels = beginnings(count=80)
    rows = learned(frame, np.zeros_like(labels), SEGMENTS[:1])
    assert probabilities(rows, frame, stage).to_numpy() == pytest.approx(1)
    assert training(rows, stage) == "base rates: there is one segment"


@pytest.mark.parametrize("stage", STAGES)
def test_of_too_few_users_only_base_rates_are_learned(stage):
    frame, labels = beginnings(count=30)
    rows = learned(frame, labels)
    used = ~is_held_out(frame["user_id"])
    counts = np.bincount(labels[used], minlength=3)
    expected = (counts + 1) / (counts.sum() + 3)
    assert probabilities(rows, frame, stage).iloc[0].to_numpy() == pytest.approx(expected)
    assert training(rows, stage).startswith(f"base rates: only {used.sum()} users, at least 50")


@pytest.mark.parametrize("nobody", [None, pd.DataFrame(), beginnings()[0].head(0)])
def test_without_any_beginning_every_segment_is_as_likely(nobody):
    rows = learn_guesses(nobody, pd.Series([], dtype="str"), np.array([], int), SEGMENTS, seed=3)
    for stage in STAGES:
        table = coefficients(rows, stage)
        assert softmax(table[INTERCEPT].to_numpy()) == pytest.approx(1 / 3)
        assert training(rows, stage).startswith("base rates: only 0 users")


def test_where_nothing_foretells_anything_the_base_rates_stand():
    frame, labels = beginnings()
    chance = np.random.default_rng(5).permutation(labels)
    noise = frame.assign(cart_count=0.0)
    rows = learned(noise, chance)
    assert "no better than" in training(rows, "cold_start")
    assert list(coefficients(rows, "cold_start").columns) == [INTERCEPT]


def test_a_segment_without_enough_members_is_never_guessed():
    frame, labels = beginnings()
    rows = learned(frame, labels, [*SEGMENTS, "segment_004"])
    assert list(coefficients(rows, "cold_start").index) == SEGMENTS


def test_users_without_any_session_still_have_a_prior():
    frame, labels = beginnings()
    orders_only = frame.assign(has_session=False, **dict.fromkeys(NUMBERS, np.nan))
    rows = learned(orders_only, labels)
    assert training(rows, "prior").startswith("logistic regression")
    assert training(rows, "cold_start").startswith("base rates: only 0 users")


def test_the_terms_are_those_that_sql_applies():
    for macro, names in (("numbers", NUMBERS), ("categories", CATEGORIES)):
        text = (PROJECT / f"macros/first_session_{macro}.sql").read_text()
        listed = text[text.index("return([") : text.index("])")]
        assert tuple(part for part in listed.split("'")[1::2]) == names
