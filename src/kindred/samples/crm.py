"""What the CRM of the made-up shop delivers: customers, orders, lines, consents."""

import numpy as np
import pandas as pd

from kindred.samples import shop
from kindred.samples.judging import customer_of, email_of, login_of
from kindred.samples.simulating import (
    DAY,
    HOUR,
    MEMBER,
    NEVER,
    START,
    Block,
)

PLANS = np.array(["basic", "plus", "family", ""], dtype=object)
COUNTRY_NAMES = np.array([entry[0] for entry in shop.COUNTRIES], dtype=object)
CITIES = np.array([entry[3] for entry in shop.COUNTRIES], dtype=object)
CURRENCIES = np.array([entry[1] for entry in shop.COUNTRIES], dtype=object)


def deliver_crm(block: Block, number: int, days: int, seed: int) -> dict:
    """Tables by name, each a pair: records with ``file_week``, and kept records.

    The records are texts as the files will hold them, times excepted
    (milliseconds); the second of the pair is how many of them are no repetition.
    """
    rng = np.random.default_rng([seed, number, 2])
    tables = {
        "customers": _customers(rng, block, days),
        "orders": _orders(rng, block, days),
        "order_lines": _lines(rng, block, days),
        "consents": _consents(block, number),
    }
    result = {}
    for name, rows in tables.items():
        kept = len(rows)
        if name != "consents":
            rows = pd.concat([rows, _again(rng, rows, days)], ignore_index=True)
        rows["record"] = number * 1_000_000_000 + np.arange(len(rows))
        week = (rows["loaded_at"] - START) // (7 * DAY)
        rows["file_week"] = week.clip(0, (days - 1) // 7)
        result[name] = (rows, kept)
    return result


def _again(rng, rows, days):
    """Some records come a second time, a week later where there is one."""
    share = 0.006
    size = min(max(int(len(rows) * share), 2), len(rows))
    again = rows.iloc[np.sort(rng.permutation(len(rows))[:size])].copy()
    again["loaded_at"] = np.minimum(
        again["loaded_at"] + 7 * DAY,
        np.maximum(again["loaded_at"], START + days * DAY + HOUR),
    )
    if "line_id" in again:
        # equal lines without a number are told apart within one delivery only
        again = again[again["line_id"] != ""]
    return again


def _odd_case(rng, addresses):
    draw = rng.random(len(addresses))
    return [
        address.upper() if chance < 0.08 else f" {address.title()} " if chance < 0.16 else address
        for address, chance in zip(addresses, draw.tolist(), strict=True)
    ]


def _addresses(block, index):
    """The address in the CRM; the people of the office share one."""
    people = block.people
    numbers = people["person"].to_numpy()
    office = np.flatnonzero(people["is_office"])
    index = np.asarray(index)
    is_office = people["is_office"].to_numpy()[index]
    using = np.where(is_office, office[0] if len(office) else 0, index)
    return [email_of(number) for number in numbers[using].tolist()]


def _customers(rng, block, days):
    people = block.people
    index = np.flatnonzero(people["is_known"])
    size = len(index)
    person = people["person"].to_numpy()[index]
    is_member = (people["role"] == MEMBER).to_numpy()[index]
    long_ago = rng.random(size) < 0.7
    signed_up = np.where(
        long_ago,
        START - rng.integers(DAY, 700 * DAY, size),
        START + (people["start_day"].to_numpy()[index] * DAY).astype(np.int64),
    )
    signed_up = signed_up // 1000 * 1000
    year = rng.integers(1948, 2007, size)
    year = np.where(rng.random(size) < 0.008, 1850, year)
    month, day = rng.integers(1, 13, size), rng.integers(1, 29, size)
    births = [
        "" if missing else f"{y}-{m:02d}-{d:02d}"
        for y, m, d, missing in zip(
            year.tolist(),
            month.tolist(),
            day.tolist(),
            (rng.random(size) < 0.08).tolist(),
            strict=True,
        )
    ]
    score = np.clip(np.round(rng.normal(7.4, 1.6, size), 1), 0, 10)
    score = np.where(rng.random(size) < 0.008, 99.0, score)
    scores = np.array([f"{value:.1f}" for value in score], dtype=object)
    scores[rng.random(size) < 0.35] = ""
    country = people["country"].to_numpy()[index]
    rows = pd.DataFrame(
        {
            "customer_id": [customer_of(number) for number in person.tolist()],
            "login": [
                login_of(number, 1) if member else ""
                for number, member in zip(person.tolist(), is_member.tolist(), strict=True)
            ],
            "email": _odd_case(rng, _addresses(block, index)),
            "birth_date": births,
            "gender": rng.choice(
                np.array(["female", "male", "other", ""], dtype=object),
                size=size,
                p=[0.42, 0.36, 0.03, 0.19],
            ),
            "country": COUNTRY_NAMES[country],
            "city": CITIES[country],
            "plan": rng.choice(PLANS, size=size, p=[0.5, 0.25, 0.15, 0.1]),
            "satisfaction_score": scores,
            "signed_up_at": signed_up,
            "updated_at": signed_up,
            "loaded_at": np.maximum(signed_up, START) + 2 * HOUR,
        }
    )
    # later states: another login, another plan or score
    second = people["has_second_login"].to_numpy()[index]
    changed = rows[second].copy()
    changed["login"] = [login_of(number, 2) for number in person[second].tolist()]
    moment = people["second_login_day"].to_numpy()[index][second]
    changed["updated_at"] = START + (moment * DAY).astype(np.int64) // 1000 * 1000
    moved = rows[~second & (rng.random(size) < 0.12)].copy()
    moved["plan"] = "plus"
    later = START + rng.integers(int(0.5 * days * DAY), int(0.95 * days * DAY), len(moved))
    moved["updated_at"] = later // 1000 * 1000
    states = pd.concat([changed, moved], ignore_index=True)
    # signed up between: the state is as old as the sign-up at least
    states["updated_at"] = np.maximum(states["updated_at"], states["signed_up_at"] + 1000)
    states["loaded_at"] = states["updated_at"] + HOUR
    return pd.concat([rows, states], ignore_index=True)


def order_name(order: int) -> str:
    """An order's id as the CRM writes it."""
    return f"SO-{100_000 + order}"


def _money(cents):
    return [f"{value // 100}.{value % 100:02d}" for value in cents.tolist()]


def _orders(rng, block, days):
    people = block.people
    orders = block.orders[block.orders["in_crm"]].reset_index(drop=True)
    who = orders["person"].to_numpy()
    person = people["person"].to_numpy()[who]
    size = len(orders)
    names = [order_name(order) for order in orders["order"].tolist()]
    office = people["is_office"].to_numpy()[who]
    has_email = (rng.random(size) < 0.5) & ~office
    addresses = _odd_case(rng, _addresses(block, who))
    at_head = orders["order"].to_numpy() % 2 == 0
    net = (orders["gross_cents"] - orders["discount_cents"]).to_numpy()
    rows = pd.DataFrame(
        {
            "order_id": names,
            "customer_id": [customer_of(number) for number in person.tolist()],
            "login": [
                login_of(number, which) if which > 0 else ""
                for number, which in zip(person.tolist(), orders["login"].tolist(), strict=True)
            ],
            "email": [
                address if has else ""
                for address, has in zip(addresses, has_email.tolist(), strict=True)
            ],
            "status": "completed",
            "currency": CURRENCIES[orders["country"]],
            "ordered_at": orders["at"],
            "discount_amount": _money(
                np.where(at_head, orders["discount_cents"], 0).astype(np.int64)
            ),
            "refunded_amount": "0.00",
            "refunds_order_id": "",
            "updated_at": orders["at"],
            "loaded_at": orders["at"] + rng.integers(60_000, HOUR, size),
        }
    )
    end = START + days * DAY
    trouble = orders["trouble"].to_numpy()
    # a later state of the same order; one that would come after the end never comes
    later = orders["at"].to_numpy() + rng.integers(HOUR, 5 * DAY, size)
    later = later // 1000 * 1000
    in_time = later < end - DAY // 2
    cancelled = rows[(trouble == 1) & in_time].copy()
    cancelled["status"] = "cancelled"
    cancelled["updated_at"] = later[(trouble == 1) & in_time]
    refunded = rows[(trouble == 2) & in_time].copy()
    refunded["status"] = "refunded"
    refunded["refunded_amount"] = _money(net[(trouble == 2) & in_time] // 2)
    refunded["updated_at"] = later[(trouble == 2) & in_time]
    # documents of their own, with and without the order that they mean
    documents = []
    for kind in (3, 4):
        chosen = (trouble == kind) & in_time
        document = rows[chosen].copy()
        document["order_id"] = "R" + document["order_id"]
        document["refunds_order_id"] = rows["order_id"][chosen].str.lower() if kind == 3 else ""
        document["status"] = "refund"
        document["discount_amount"] = "0.00"
        document["refunded_amount"] = _money(net[chosen] // 4)
        document["ordered_at"] = document["updated_at"] = later[chosen]
        documents.append(document)
    states = pd.concat([cancelled, refunded, *documents], ignore_index=True)
    states["loaded_at"] = states["updated_at"] + HOUR
    return pd.concat([rows, states], ignore_index=True)


def _lines(rng, block, days):
    orders = block.orders[block.orders["in_crm"]].set_index("order")
    items = block.items[block.items["order"].isin(orders.index)]
    items = items.reset_index(drop=True)
    of_order = orders.loc[items["order"]]
    people = block.people
    catalogue = shop.products()
    product = items["product"].to_numpy()
    person = people["person"].to_numpy()[of_order["person"].to_numpy()]
    trouble = of_order["trouble"].to_numpy()
    is_first = (items["line"] == 1).to_numpy()
    at_head = (items["order"] % 2 == 0).to_numpy()
    price = np.array(_money(items["price_cents"].to_numpy()), dtype=object)
    price[(trouble == 7) & is_first] = ""
    # an old till numbers no lines
    unnumbered = (items["order"] % 23 == 0).to_numpy()
    rows = pd.DataFrame(
        {
            "order_id": [order_name(order) for order in items["order"].tolist()],
            "line_id": np.where(unnumbered, "", items["line"].astype(str)),
            "customer_id": [customer_of(number) for number in person.tolist()],
            "product_id": catalogue["product_id"][product],
            "category": np.array(shop.CATEGORIES, dtype=object)[catalogue["category"][product]],
            "description": catalogue["name"][product],
            "quantity": items["quantity"].astype(str),
            "unit_price": price,
            "discount_amount": _money(
                np.where(at_head, 0, items["discount_cents"]).astype(np.int64)
            ),
            "is_cancelled": np.where((trouble == 6) & is_first, "true", "false"),
            "refunded_quantity": np.where((trouble == 5) & is_first, "1", "0"),
            "currency": CURRENCIES[of_order["country"].to_numpy()],
            "ordered_at": of_order["at"].to_numpy(),
            "loaded_at": of_order["at"].to_numpy() + HOUR,
        }
    )
    # the same article rung up twice: two equal lines, both true
    twins = rows[unnumbered & is_first & (items["order"] % 2 == 0).to_numpy()]
    return pd.concat([rows, twins], ignore_index=True)


def _consents(block, number):
    people = block.people
    consents = block.consents
    first = int(people["person"].iloc[0])
    offset = int(block.devices["device"].iloc[0])
    rows = []

    def add(entry, analytics, marketing, at):
        row = {
            "consent_id": f"K{number:05d}-{len(rows):07d}",
            "customer_id": "",
            "login": "",
            "anonymous_id": "",
            "email": "",
            "analytics": analytics,
            "marketing": marketing,
            "changed_at": at,
            "loaded_at": at + HOUR // 2,
        }
        person = first + entry.person
        if entry.named_by in (0, 1):
            row["customer_id"] = customer_of(person)
        if entry.named_by in (0, 2):
            row["login"] = login_of(person, 1)
        if entry.named_by == 0:
            row["email"] = email_of(person).capitalize()
        if entry.named_by == 3:
            place = entry.device - offset
            row["anonymous_id"] = block.devices["anonymous_id"].iloc[place]
        rows.append(row)

    for entry in consents.itertuples():
        analytics, marketing = (
            "denied" if refused else "granted"
            for refused in (entry.refuses_analytics, entry.refuses_marketing)
        )
        add(entry, analytics, marketing, entry.at)
        if entry.until != NEVER:
            add(entry, "granted", "granted", entry.until)
    return pd.DataFrame(rows)
