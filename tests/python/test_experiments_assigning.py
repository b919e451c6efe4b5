"""The draw of arms, as anybody who implements it again must find it."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kindred.experiments.assigning import PLACES, draw_arm, place_in_draw

HALVES = {"control": "0.5", "hint": "0.5"}


def test_the_documented_place_is_the_one_that_is_drawn():
    assert place_in_draw("experiment", "visitor") == 699_411


def test_arms_are_drawn_in_their_shares():
    weights = {"a": Decimal("0.2"), "b": Decimal("0.5"), "c": Decimal("0.3")}
    drawn = Counter(draw_arm("shares", f"unit {number}", weights) for number in range(20_000))
    for arm, weight in weights.items():
        # four standard deviations of a share of 20,000
        assert drawn[arm] / 20_000 == pytest.approx(float(weight), abs=0.0142)


def test_two_experiments_draw_independently():
    units = [f"unit {number}" for number in range(20_000)]
    both = Counter((draw_arm("one", unit, HALVES), draw_arm("two", unit, HALVES)) for unit in units)
    for count in both.values():
        assert count / 20_000 == pytest.approx(0.25, abs=0.0123)


@given(st.text(), st.text(), st.integers(1, PLACES - 1))
def test_a_unit_is_drawn_by_its_place_alone(experiment_id, unit_id, first_share):
    weights = {
        "b": Decimal(PLACES - first_share) / PLACES,
        "a": Decimal(first_share) / PLACES,
    }
    expected = "a" if place_in_draw(experiment_id, unit_id) < first_share else "b"
    assert draw_arm(experiment_id, unit_id, weights) == expected


def test_weights_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ValueError, match=r"^shares: the weights of the arms sum to 0.9$"):
        draw_arm("shares", "unit", {"a": "0.5", "b": "0.4"})
