"""How events reach the shop's inbox: late, twice, broken, by whom refused.

Takes a simulated block and returns one row per delivered record. What a record's fate
must be (the truth) is judged in `judging`, from these rows and by other means.
"""

import numpy as np
import pandas as pd

from kindred.samples.shop import SOURCE
from kindred.samples.simulating import BLOCK_STRIDE, DAY, HOUR, START, Block

SOUND, NO_ID, FUTURE, YEAR_1970 = range(4)
FAULTS = ("sound", "no_id", "future", "year_1970")
INTRADAY_DAYS = 3  # the last day is in no daily file yet


def deliver(block: Block, number: int, days: int, seed: int) -> pd.DataFrame:
    """Delivered records of a block, in no order.

    Beside the columns of the events: ``fault``, ``copy`` (0 the first delivery),
    ``is_intraday``, ``happened`` (the true time; ``at`` is what the record says),
    ``received``, ``loaded`` and ``file_day``. Broken records have an ``event`` of
    their own: they are rows beside the true ones.
    """
    rng = np.random.default_rng([seed, number, 1])
    rows = block.events.copy()
    rows["fault"] = SOUND
    rows = pd.concat([rows, _broken(rng, rows, number)], ignore_index=True)
    size = len(rows)
    end = START + days * DAY
    rows["copy"] = 0
    rows["happened"] = rows["at"]
    delay = np.rint(1000 * rng.lognormal(np.log(240), 1.0, size)).astype(np.int64)
    delay = np.minimum(delay, 5 * HOUR)
    is_late = (rng.random(size) < 0.015) & (rows["source"] <= SOURCE["web"])
    late_by = delay + DAY + rng.integers(0, 4 * DAY, size)
    is_late &= rows["happened"] + late_by < end
    rows["received"] = rows["happened"] + rng.integers(60, 2500, size)
    rows["loaded"] = rows["happened"] + np.where(is_late, late_by, delay) + 2500
    # a phone without a net keeps its events and sends them days later
    held = is_late & (rng.random(size) < 0.5)
    rows.loc[held, "received"] = rows.loc[held, "loaded"] - 1000
    future = rows["fault"] == FUTURE
    rows.loc[future, "at"] = rows.loc[future, "loaded"] + 2 * DAY
    old = rows["fault"] == YEAR_1970
    rows.loc[old, "at"] = rows.loc[old, "happened"] % (300 * DAY)
    rows["is_intraday"] = False
    rows = _with_intraday(rng, rows, days)
    rows = _with_repeats(rng, rows, end)
    day = (rows["loaded"] - START) // DAY
    rows["file_day"] = day.clip(0, days - 1)
    return rows


def _broken(rng, events, number):
    """Records without any id, and records of devices whose clock is wrong."""
    parts = []
    base = 8_000_000_000 + number * BLOCK_STRIDE
    normal = events[(events["source"] <= SOURCE["pixel"]) & ~events["is_copy"]]
    for fault, share in ((NO_ID, 0.002), (FUTURE, 0.0012), (YEAR_1970, 0.0008)):
        size = max(int(len(normal) * share), 4)
        chosen = normal.iloc[rng.choice(len(normal), size=size, replace=False)].copy()
        if fault != NO_ID:
            chosen = chosen[chosen["source"] < SOURCE["pixel"]]
        chosen["fault"] = fault
        chosen["event"] = base + np.arange(len(chosen))
        base += len(chosen)
        # a broken row must not bring an order, a click or a name into the shop
        chosen["order"] = chosen["click"] = chosen["linked"] = -1
        chosen["gives_email"] = chosen["email_in_url"] = False
        if fault == NO_ID:
            chosen["device"] = -1
            chosen["login"] = 0
        parts.append(chosen)
    return pd.concat(parts, ignore_index=True)


def _with_intraday(rng, rows, days):
    """The last days of GA4 come early in intraday files; daily files repeat them."""
    day = (rows["happened"] - START) // DAY
    recent = (rows["source"] == SOURCE["ga4"]) & (day >= days - INTRADAY_DAYS)
    recent &= rows["loaded"] < rows["happened"] + 6 * HOUR
    rows.loc[recent & (day == days - 1), "is_intraday"] = True
    twice = recent & (day < days - 1) & (rows["fault"] == SOUND)
    twice &= rng.random(len(rows)) < 0.8
    early = rows[twice].copy()
    early["is_intraday"] = True
    early["copy"] = 9
    final = recent & (day < days - 1) & (rows["fault"] != FUTURE)
    midnight = START + (day[final] + 1) * DAY
    rows.loc[final, "loaded"] = midnight + 3 * HOUR + rng.integers(0, HOUR, int(final.sum()))
    return pd.concat([rows, early], ignore_index=True)


def _with_repeats(rng, rows, end):
    """Copies of whole records: in the same file, and days later in another."""
    sound = np.flatnonzero((rows["fault"] == SOUND) & (rows["copy"] == 0))
    chosen = sound[rng.random(len(sound)) < 0.012]
    again = rows.iloc[chosen].copy()
    again["copy"] = 1
    later = rng.random(len(again)) < 0.5
    shift = np.where(later, rng.integers(HOUR, 3 * DAY, len(again)), 0)
    again["loaded"] = np.where(
        again["loaded"] + shift < end + 5 * HOUR,
        again["loaded"] + shift,
        again["loaded"],
    )
    thrice = again[rng.random(len(again)) < 0.08].copy()
    thrice["copy"] = 2
    return pd.concat([rows, again, thrice], ignore_index=True)
