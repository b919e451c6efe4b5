"""The truth about delivered records: outcomes, sessions, identifiers, people.

Plain numpy and pandas, written from the rules and sharing nothing with the models, so
that the two can be held against each other.
"""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from kindred.samples import shop
from kindred.samples.delivering import FUTURE, NO_ID, SOUND, YEAR_1970
from kindred.samples.experimenting import EXPERIMENT
from kindred.samples.shop import KIND, SEGMENTS, SOURCE
from kindred.samples.simulating import (
    DAY,
    DENIED,
    HOUR,
    INTERNAL,
    MEMBER,
    NEVER,
    ROLES,
    START,
    Block,
)

OUTCOMES = (
    "no_id",
    "impossible_time",
    "duplicate",
    "bot_pattern",
    "no_consent",
    "bot_behaviour",
    "kept",
)


@dataclass
class Truth:
    """What is true of one block, ready to be written."""

    people: pd.DataFrame
    identifiers: pd.DataFrame
    sessions: pd.DataFrame
    experiments: pd.DataFrame
    outcomes: pd.DataFrame


def email_of(person: int) -> str:
    """The clear address of a person, lower case."""
    return f"person{person}@mail.example"


def email_hash(address: str) -> str:
    """The hash that landing makes of an address, with the salt of the sample."""
    return sha256((shop.SALT + address.strip().lower()).encode()).hexdigest()


def login_of(person: int, which: int) -> str:
    """The first (1) or the second (2) login of a person."""
    return f"u{person:07d}" + ("" if which == 1 else "b")


def customer_of(person: int) -> str:
    """The number of a person in the CRM."""
    return f"C{person:07d}"


def click_name(click: int) -> str:
    """The click id that a paid click carries."""
    return f"Cj0KCQ{click:016x}"


def judge(block: Block, rows: pd.DataFrame) -> Truth:
    """Give each delivered record its outcome, then what follows from the kept ones."""
    rows = rows.reset_index(drop=True)
    outcome = _outcomes(block, rows)
    usable = np.flatnonzero(outcome == "kept")
    kept = rows.iloc[usable].reset_index(drop=True)
    session = _session_numbers(kept)
    is_bot = _is_bot_session(kept, session)
    outcome[usable[is_bot]] = "bot_behaviour"
    kept = kept[~is_bot].reset_index(drop=True)
    session = session[~is_bot]
    counts = (
        pd.DataFrame({"source": rows["source"], "outcome": outcome})
        .groupby(["source", "outcome"])
        .size()
        .reset_index(name="row_count")
    )
    counts["source"] = np.array(shop.SOURCES)[counts["source"]]
    return Truth(
        people=_people(block, kept),
        identifiers=_identifiers(block, kept),
        sessions=_sessions(block, kept, session),
        experiments=_experiments(block),
        outcomes=counts,
    )


def _outcomes(block, rows):
    outcome = np.full(len(rows), "kept", dtype=object)
    fault = rows["fault"].to_numpy()
    sound = fault == SOUND
    # the copies of an event are equal in what is judged; which one stands is no matter
    repeated = rows["event"].duplicated().to_numpy() & sound
    bot = _of_device(block, rows, "bot", -1) >= 0
    refused = (rows["consent"] == DENIED).to_numpy() | _withdrawn(block, rows)
    outcome[refused] = "no_consent"
    outcome[bot & (rows["source"] != SOURCE["ga4"]).to_numpy()] = "bot_pattern"
    outcome[repeated] = "duplicate"
    outcome[(fault == FUTURE) | (fault == YEAR_1970)] = "impossible_time"
    outcome[fault == NO_ID] = "no_id"
    return outcome


def _of_device(block, rows, column, missing):
    device = rows["device"].to_numpy()
    place = device - block.devices["device"].iloc[0]
    values = block.devices[column].to_numpy()
    return np.where(device >= 0, values[np.where(device >= 0, place, 0)], missing)


def _withdrawn(block, rows):
    """Refused in the CRM, at that moment, for an identifier that the record holds."""
    refusals = block.consents[block.consents["refuses_analytics"]]
    at = rows["at"].to_numpy()
    person = rows["person"].to_numpy()
    by_person = refusals[refusals["named_by"] < 3].set_index("person")
    since = by_person["at"].reindex(person).fillna(NEVER).to_numpy()
    until = by_person["until"].reindex(person).fillna(NEVER).to_numpy()
    named_by = by_person["named_by"].reindex(person).fillna(-1).to_numpy()
    holds = (rows["login"] > 0).to_numpy() | (rows["gives_email"].to_numpy() & (named_by == 0))
    refused = holds & (at >= since) & (at < until)
    devices = refusals[refusals["named_by"] == 3].set_index("device")
    since = devices["at"].reindex(rows["device"]).fillna(NEVER).to_numpy()
    return refused | (at >= since)


def _session_numbers(kept):
    """Number the sessions of kept records: silence, provided id, cap of 24 hours."""
    device = kept["device"].to_numpy()
    # without a device, the login, else the e-mail, else the click stands for it
    stand_in = np.where(
        kept["login"] > 0,
        -10 * kept["person"] - kept["login"] - 10,
        np.where(kept["gives_email"], -10 * kept["person"] - 13, -(10**13)),
    )
    key = np.where(device >= 0, device, stand_in)
    click = (device < 0) & (kept["source"] == SOURCE["ads"]).to_numpy()
    key = np.where(click, -(10**14) - kept["click"], key)
    frame = pd.DataFrame(
        {
            "source": kept["source"],
            "key": key,
            "given": kept["session_id"],
            "at": kept["at"],
            "event": kept["event"],
        }
    )
    order = np.lexsort([frame[name] for name in ("event", "at", "given", "key", "source")])
    source, key, given, at = (
        frame[name].to_numpy()[order] for name in ("source", "key", "given", "at")
    )
    opens = np.ones(len(order), dtype=bool)
    if len(order):
        same = (source[1:] == source[:-1]) & (key[1:] == key[:-1])
        same &= given[1:] == given[:-1]
        group = np.concatenate([[0], np.cumsum(~same)])
        begins = np.flatnonzero(np.concatenate([[True], ~same]))
        since = at - at[begins][group]
        piece = np.maximum(-(-since // (24 * HOUR)), 1)
        silent = np.diff(at) > 1_800_000
        cut = np.where(given[1:] >= 0, piece[1:] != piece[:-1], silent)
        opens[1:] = ~same | cut
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(opens) - 1
    return numbers


def _is_bot_session(kept, session):
    if len(kept) == 0:
        return np.zeros(0, dtype=bool)
    at = kept["at"].groupby(session)
    count = at.size()
    seconds = (at.max() - at.min()) / 1000
    is_bot = ((count >= 100) & (count > seconds)) | (count > 2000)
    return is_bot.to_numpy()[session]


def _sessions(block, kept, session):
    groups = kept.groupby(session)
    first = groups.first()
    sessions = pd.DataFrame(
        {
            "source": np.array(shop.SOURCES)[first["source"]],
            "anonymous_id": _of_device(block, first, "anonymous_id", None),
            "started_at": _moment(groups["at"].min()),
            "ended_at": _moment(groups["at"].max()),
            "event_count": groups.size().astype("int64"),
        }
    )
    return sessions


def _experiments(block):
    first = int(block.people["person"].iloc[0])
    courses = block.courses.assign(experiment_id=EXPERIMENT)
    courses["person_id"] = [f"person:{first + index}" for index in courses["person"]]
    columns = ["arm", "arm_count", "orders_without", "orders_with"]
    return courses[["experiment_id", "person_id", *columns]].astype({"arm": "str"})


def _moment(milliseconds):
    return pd.Series(milliseconds).astype("datetime64[ms]").astype("datetime64[us]")


def _identifiers(block, kept):
    """Whose each identifier is, as far as anybody outside can know.

    A device that two people logged in on, and an address that five logins share,
    belong to nobody: each is its own. A click whose landing was never recorded is its
    own too.
    """
    devices = block.devices
    people = block.people
    first = int(people["person"].iloc[0])
    offset = int(devices["device"].iloc[0])
    owner = devices["owner"].to_numpy()
    seen_devices = set(kept["device"][kept["device"] >= 0].tolist())
    seen_devices |= set(kept["linked"][kept["linked"] >= 0].tolist())
    rows = []

    def own(kind, value):
        return f"{kind}:{value}"

    def person_of(index):
        return f"person:{first + index}"

    for number in sorted(seen_devices):
        place = number - offset
        name = devices["anonymous_id"].iloc[place]
        whose = int(owner[place])
        rows.append(
            (
                "anonymous",
                name,
                person_of(whose) if whose >= 0 else own("anonymous", name),
                bool(devices["is_shared"].iloc[place]),
            )
        )
    # a click follows the device that was seen with it
    clicks = kept[kept["click"] >= 0]
    with_device = clicks[clicks["device"] >= 0].drop_duplicates("click")
    known = dict(zip(with_device["click"].tolist(), with_device["person"].tolist(), strict=True))
    for click in sorted(set(clicks["click"].tolist())):
        name = click_name(click)
        whose = known.get(click, -1)
        rows.append(
            (
                "click",
                name,
                person_of(whose) if whose >= 0 else own("click", name),
                False,
            )
        )
    logins = kept[kept["login"] > 0][["person", "login"]].drop_duplicates()
    seen_logins = set(map(tuple, logins.to_numpy().tolist()))
    office = people.index[people["is_office"]].tolist()
    for index in np.flatnonzero(people["is_known"]).tolist():
        person = first + index
        whose = person_of(index)
        rows.append(("customer", customer_of(person), whose, False))
        if people["role"].iloc[index] == MEMBER:
            seen_logins.add((index, 1))
            if people["has_second_login"].iloc[index]:
                seen_logins.add((index, 2))
        if index not in office:
            rows.append(("email", email_hash(email_of(person)), whose, False))
    if office:
        shared = email_hash(email_of(first + office[0]))
        rows.append(("email", shared, own("email", shared), True))
    for index, which in sorted(seen_logins):
        rows.append(("login", login_of(first + index, which), person_of(index), False))
    return pd.DataFrame(
        rows, columns=["identifier_kind", "identifier_value", "person_id", "is_shared"]
    )


def _people(block, kept):
    """One row per person: who they are, and what of them can be seen and counted."""
    people = block.people
    size = len(people)
    devices = block.devices
    internal = _of_device(block, kept, "is_internal", False).astype(bool)
    counted = kept[
        (kept["person"] >= 0)
        & ~kept["is_nobody"]
        & ~kept["is_copy"]
        & ~internal
        & ~kept["kind"].isin([KIND["email_open"], KIND["campaign_click"]])
    ]
    who = counted["person"].to_numpy()
    on_site = counted[counted["visit"] >= 0]

    def count(frame):
        return np.bincount(frame["person"], minlength=size)

    def of_kind(*kinds):
        return on_site[on_site["kind"].isin([KIND[kind] for kind in kinds])]

    visits = on_site.drop_duplicates("visit")
    views = of_kind("view_item")
    dollars = shop.products()["dollars"]
    log_price = np.log(dollars[views["product"]])
    price_sum = np.bincount(views["person"], weights=log_price, minlength=size)
    view_count = count(views)
    carts = of_kind("add_to_cart")
    orders = block.orders.copy()
    orders["has_coupon"] = orders["discount_share"] > 0
    bought = of_kind("purchase").drop_duplicates("order")
    coupons = orders.set_index("order")["has_coupon"].reindex(bought["order"])
    in_crm = orders[orders["in_crm"]]
    any_order = np.bincount(in_crm["person"], minlength=size) + count(bought)
    rate = np.array([entry[2] for entry in shop.COUNTRIES])
    dollar_rate = 100 * rate[people["country"].to_numpy()]
    net = orders["gross_cents"] - orders["discount_cents"]
    spans = on_site.groupby("visit").agg(
        person=("person", "first"), begin=("at", "min"), end=("at", "max")
    )
    first_at = np.full(size, NEVER)
    last_at = np.full(size, -NEVER)
    np.minimum.at(first_at, visits["person"].to_numpy(), visits["at"].to_numpy())
    np.maximum.at(last_at, visits["person"].to_numpy(), visits["at"].to_numpy())
    was_seen = count(visits) > 0
    event_count = np.bincount(who, minlength=size)
    names = np.array([entry.name for entry in SEGMENTS] + [None], dtype=object)
    role = people["role"].to_numpy()
    frame = pd.DataFrame(
        {
            "person_id": [f"person:{number}" for number in people["person"]],
            "role": np.array(ROLES)[role],
            "segment": names[people["segment"]],
            "is_known": people["is_known"],
            "country": np.array([entry[0] for entry in shop.COUNTRIES])[people["country"]],
            "device_count": np.bincount(devices["owner"][devices["owner"] >= 0], minlength=size),
            "start_day": people["start_day"],
            "first_day": np.where(was_seen, (first_at - START) / DAY, np.nan),
            "last_day": np.where(was_seen, (last_at - START) / DAY, np.nan),
            "event_count": event_count,
            "visit_count": count(visits),
            "extra_count": count(of_kind("page_view", "search", "view_item_list")) - count(visits),
            "view_count": view_count,
            "cart_count": count(carts),
            "cart_visit_count": count(carts.drop_duplicates("visit")),
            "order_count": count(bought),
            "coupon_count": np.bincount(
                bought["person"],
                weights=coupons.fillna(False).astype(float),
                minlength=size,
            ).astype("int64"),
            # plain money in US dollars: before cancellations, refunds and odd rates
            "revenue": np.bincount(orders["person"], weights=net, minlength=size) / dollar_rate,
            "discount": np.bincount(
                orders["person"], weights=orders["discount_cents"], minlength=size
            )
            / dollar_rate,
            "visit_seconds": np.bincount(
                spans["person"],
                weights=(spans["end"] - spans["begin"]) / 1000,
                minlength=size,
            ),
            "log_price_mean": np.divide(
                price_sum,
                view_count,
                out=np.full(size, np.nan),
                where=view_count > 0,
            ),
        }
    )
    category = shop.products()["category"][views["product"]]
    for number in range(len(shop.CATEGORIES)):
        frame[f"view_count_{number}"] = np.bincount(
            views["person"].to_numpy()[category == number], minlength=size
        )
    frame["is_mature"] = (role != INTERNAL) & ((event_count >= 5) | (any_order > 0))
    return frame
