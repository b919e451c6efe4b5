"""Draw the arm of a unit, as the SQL models, the API and a stream job all do.

The draw is one md5 and one comparison, so any language can make it:

1. take the md5 of ``<experiment_id>|<unit_id>`` in UTF-8, and of its hexadecimal digits the
   first 16 as a whole number; halve it, leaving out the remainder; the remainder of that by
   1,000,000 is the *place*. ``experiment|visitor`` has the place 699,411.
2. lay the arms out in the order of their names, each as many places long as 1,000,000 times
   its weight; the arm that the place falls into is drawn.
3. a unit that was shown an arm of the experiment before keeps that one, whatever is drawn.
"""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import md5

PLACES = 1_000_000


def place_in_draw(experiment_id: str, unit_id: str) -> int:
    """Return the place of a unit in an experiment's draw, 0 to 999,999.

    The same number as the macro ``place_in_draw`` gives.
    """
    digits = md5(f"{experiment_id}|{unit_id}".encode()).hexdigest()[:16]
    return int(digits, 16) // 2 % PLACES


def draw_arm(experiment_id: str, unit_id: str, weights: Mapping[str, Decimal | str]) -> str:
    """Return the arm that is drawn for a unit.

    ``weights`` gives each arm its share, as decimals or texts that sum to 1.

    Raises ValueError when they do not.
    """
    shares = {arm: Decimal(weight) for arm, weight in sorted(weights.items())}
    if sum(shares.values()) != 1:
        raise ValueError(f"{experiment_id}: the weights of the arms sum to {sum(shares.values())}")
    place, end = place_in_draw(experiment_id, unit_id), Decimal(0)
    for arm, share in shares.items():
        end += share * PLACES
        if place < end:
            return arm
    raise AssertionError("weights that sum to 1 cover every place")
