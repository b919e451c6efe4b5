"""An experiment that the made-up shop runs, with what each person would have done.

From day 28 to day 56 a banner in the cart tells half of the devices that delivery is free.
Who sees that finishes some of the carts that would have been left. Both courses are drawn
for everybody, whichever happens, so that the effect is known and not only estimated.
"""

import numpy as np
import pandas as pd

from kindred.experiments.assigning import draw_arm
from kindred.samples import shop

EXPERIMENT = "free_delivery_hint"
PLACEMENT = "cart_banner"
WEIGHTS = {"control": "0.5", "hint": "0.5"}
ARMS = tuple(WEIGHTS)
VARIANTS = {"control": "banner_default", "hint": "banner_free_delivery"}
FIRST_DAY, LAST_DAY = 28, 56
NOT_SHOWN, CONTROL, HINT = -1, 0, 1
# of the carts that would have been left, how many the hint finishes
PERSUADED_SHARE = 0.8
DAY = 86_400_000
START = int(shop.START.astype("int64"))


def arms_shown(visits: pd.DataFrame, can_see: np.ndarray, anonymous_ids: np.ndarray) -> np.ndarray:
    """Number of the arm that each visit is shown, -1 where none is.

    ``visits`` has person, device, at (milliseconds) and is_logged; ``can_see`` says which of
    them reach a cart on a device that may be shown something; ``anonymous_ids`` names the
    devices. The arm is drawn for the device; a visit that is logged in keeps the arm of the
    person's first one, so some people see both arms, as they do everywhere.
    """
    at = visits["at"].to_numpy()
    # whoever comes last still sees it before the end
    in_time = (at >= START + FIRST_DAY * DAY) & (at < START + (LAST_DAY - 2) * DAY)
    seen = np.flatnonzero(can_see & in_time)
    devices = visits["device"].to_numpy()[seen]
    distinct, place = np.unique(devices, return_inverse=True)
    drawn = np.array(
        [ARMS.index(draw_arm(EXPERIMENT, anonymous_ids[device], WEIGHTS)) for device in distinct],
        dtype=np.int64,
    )
    shown = np.full(len(visits), NOT_SHOWN)
    shown[seen] = drawn[place]
    by_time = seen[np.argsort(at[seen], kind="stable")]
    person = visits["person"].to_numpy()
    first = pd.Series(shown[by_time], index=person[by_time]).groupby(level=0).first()
    logged = seen[visits["is_logged"].to_numpy()[seen]]
    shown[logged] = first.reindex(person[logged]).to_numpy()
    return shown


def exposures(
    events: pd.DataFrame, visits: pd.DataFrame, shown: np.ndarray, cart_kind: int
) -> pd.DataFrame:
    """One row per visit that was shown an arm, when its first item went into the cart."""
    carts = events[events["kind"] == cart_kind]
    at = carts.groupby("visit")["at"].min()
    at = at[shown[at.index] != NOT_SHOWN]
    visit = at.index.to_numpy()
    return pd.DataFrame(
        {
            "visit": visit,
            "person": visits["person"].to_numpy()[visit],
            "device": visits["device"].to_numpy()[visit],
            "arm": shown[visit],
            "at": at.to_numpy(),
        }
    )


def courses(exposed: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """What each person who was shown an arm would do in either, from then to the end.

    ``visits`` has person, at, and whether it would end in an order: orders_without,
    orders_with. Returns person, arm (the first), arm_count, and the number of orders in
    either course: orders_without, orders_with.
    """
    first = exposed.sort_values("at", kind="stable").groupby("person")
    people = pd.DataFrame(
        {
            "first_at": visits["at"].to_numpy()[first["visit"].first()],
            "arm": np.array(ARMS, dtype=object)[first["arm"].first()],
            "arm_count": first["arm"].nunique(),
        },
        index=first["at"].first().index,
    )
    since = people["first_at"].reindex(visits["person"]).to_numpy()
    at = visits["at"].to_numpy()
    counted = visits[(at >= since) & (at < START + LAST_DAY * DAY)]
    for course in ("orders_without", "orders_with"):
        orders = counted.groupby("person")[course].sum()
        people[course] = orders.reindex(people.index).fillna(0).astype("int64")
    return people.drop(columns="first_at").rename_axis("person").reset_index()


def deliver_served(exposed: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Records of decisions that were served, some a second time; and how many are no copy."""
    rows = exposed[["visit", "device", "arm", "at"]].copy()
    rows["loaded"] = rows["at"] + 60_000
    again = rows.iloc[::50].copy()
    again["loaded"] += DAY
    kept = len(rows)
    rows = pd.concat([rows, again], ignore_index=True)
    rows["file_day"] = (rows["loaded"] - START) // DAY
    return rows, kept
