"""Draw people and what they do, one block of people at a time, as arrays of numbers.

Everything in a block depends on (seed, number of the block) only, and no identifier or
device is shared between blocks, so blocks can be written, judged and forgotten one by
one. Times are milliseconds since 1970, UTC. Texts are made later, when files are written.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kindred.samples import experimenting, shop
from kindred.samples.shop import KIND, SEGMENTS, SOURCE

DAY = 86_400_000
HOUR = 3_600_000
START = int(shop.START.astype("int64"))
MEMBER, PASSER_BY, CRM_ONLY, INTERNAL, BOT, STRANGER = range(6)
ROLES = ("member", "passer_by", "crm_only", "internal", "bot", "stranger")
UNKNOWN, GRANTED, DENIED = range(3)
NEVER = 10**15  # far beyond any moment, exact as a float too
# ids of one block never meet those of the next
BLOCK_STRIDE = 10_000_000_000


@dataclass
class Block:
    """One block of people: numbers, not texts.

    ``people``, ``devices`` and ``events`` (one row per event that happened, before
    anything is delivered twice, late or broken), ``items`` (bought products),
    ``orders`` and ``consents`` of the CRM, ``exposures`` to the experiment and the
    ``courses`` that exposed people would take in either arm.
    """

    people: pd.DataFrame
    devices: pd.DataFrame
    events: pd.DataFrame
    items: pd.DataFrame
    orders: pd.DataFrame
    consents: pd.DataFrame
    exposures: pd.DataFrame
    courses: pd.DataFrame


def simulate(number: int, first: int, count: int, days: int, seed: int) -> Block:
    """Draw ``count`` people from person ``first`` on, for ``days`` days."""
    rng = np.random.default_rng([seed, number])
    people, tastes = _people(rng, first, count, days)
    devices = _devices(rng, people)
    visits, devices = _visits(rng, people, devices, days)
    names = _anonymous_ids(devices, number)
    # draws of its own, so that the shop is the same with another effect
    persuaded = np.random.default_rng([seed, number, 3]).random(len(visits))
    events, items, exposures, courses = _events(
        rng, people, tastes, devices, visits, days, names, persuaded
    )
    extra_devices, extra = _others(rng, people, devices, visits, days)
    devices = pd.concat([devices, extra_devices], ignore_index=True)
    events = pd.concat([events, _seen_twice(events, devices), *extra])
    events = events[events["at"] < START + days * DAY].reset_index(drop=True)
    events["event"] = number * BLOCK_STRIDE + np.arange(len(events))
    devices = _name_devices(devices, number)
    events["device"] = np.where(events["device"] >= 0, events["device"] + number * BLOCK_STRIDE, -1)
    events["linked"] = np.where(events["linked"] >= 0, events["linked"] + number * BLOCK_STRIDE, -1)
    for column in ("order", "click", "visit"):
        value = events[column].to_numpy()
        events[column] = np.where(value >= 0, value + number * BLOCK_STRIDE, -1)
    exposures[["visit", "device"]] += number * BLOCK_STRIDE
    items["order"] += number * BLOCK_STRIDE
    orders, items = _orders(rng, people, events, items, days, number)
    consents = _consents(rng, people, devices, days)
    return Block(people, devices, events, items, orders, consents, exposures, courses)


def _roles(rng, count):
    role = np.full(count, MEMBER)
    sizes = (
        (PASSER_BY, shop.PASSER_BY_SHARE),
        (CRM_ONLY, shop.CRM_ONLY_SHARE),
        (INTERNAL, shop.INTERNAL_SHARE),
    )
    place = 0
    for number, share in sizes:
        size = max(round(count * share), min(2, count // 20))
        role[place : place + size] = number
        place += size
    return rng.permutation(role)


def _of_segment(segment, name):
    """A parameter of each person's segment; the middle one's for people without."""
    values = np.array([getattr(entry, name) for entry in SEGMENTS], dtype=float)
    return np.where(segment >= 0, values[segment], np.median(values))


def _beta(rng, mean, concentration):
    return rng.beta(mean * concentration, (1 - mean) * concentration)


def _people(rng, first, count, days):
    role = _roles(rng, count)
    shares = np.array([entry.share for entry in SEGMENTS])
    segment = rng.choice(len(SEGMENTS), size=count, p=shares / shares.sum())
    segment[role != MEMBER] = -1
    known = rng.random(count) < _of_segment(segment, "known_share")
    known = np.where(role == MEMBER, known, role == CRM_ONLY)
    lapsing = _of_segment(segment, "is_lapsing") > 0
    lapsing &= segment >= 0

    early = rng.random(count) < 0.95
    starts = np.where(early, 0.12 * rng.random(count), 0.12 + 0.3 * rng.random(count))
    starts = np.where(lapsing, 0.08 * rng.random(count), starts)
    starts = np.where(role == PASSER_BY, rng.random(count) ** 0.6, starts) * days
    stop = rng.uniform(shop.LAPSE_FROM, shop.LAPSE_TO, count) * days
    stops = np.where(lapsing, stop, float(days))
    country_shares = np.array([entry[-1] for entry in shop.COUNTRIES])

    def gamma(shape_name, mean_name):
        shape = _of_segment(segment, shape_name)
        return rng.gamma(shape, 1 / shape) * _of_segment(segment, mean_name)

    def beta(mean_name, concentration_name):
        return _beta(
            rng,
            _of_segment(segment, mean_name),
            _of_segment(segment, concentration_name),
        )

    people = pd.DataFrame(
        {
            "person": first + np.arange(count),
            "role": role,
            "segment": segment,
            "is_known": known,
            "country": rng.choice(len(country_shares), size=count, p=country_shares),
            "start_day": starts,
            "stop_day": stops,
            "visit_rate": gamma("visit_shape", "visits_per_day"),
            "extra_rate": gamma("extra_shape", "extras_per_visit"),
            "view_rate": gamma("view_shape", "views_per_visit"),
            "cart_rate": beta("cart_rate", "cart_concentration"),
            "order_rate": beta("order_rate", "order_concentration"),
            "discount_rate": beta("discount_rate", "discount_concentration"),
            "log_price": np.log(_of_segment(segment, "price"))
            + _of_segment(segment, "price_spread") * rng.standard_normal(count),
            "has_second_login": known & (role == MEMBER) & (rng.random(count) < 0.08),
            "second_login_day": days * rng.uniform(0.2, 0.8, count),
            "gets_letters": known & (role == MEMBER) & (rng.random(count) < 0.4),
        }
    )
    people["is_office"] = False
    if count >= 500:
        alone = people["is_known"] & (people["role"] == MEMBER)
        alone &= ~people["has_second_login"] & ~people["gets_letters"]
        members = np.flatnonzero(alone)[:5]
        people.loc[members, "is_office"] = True
    breadth = _of_segment(segment, "breadth")
    tastes = rng.gamma(
        np.repeat(breadth[:, None], len(shop.CATEGORIES), axis=1) / np.sqrt(len(shop.CATEGORIES))
    )
    tastes += 1e-9
    return people, tastes / tastes.sum(axis=1, keepdims=True)


def _devices(rng, people):
    """Browsers of people: one row each, the person's main one first."""
    is_several = people["is_known"] & (people["role"] == MEMBER)
    several = rng.choice([1, 2, 3], size=len(people), p=[0.55, 0.33, 0.12])
    count = np.where(is_several, several, 1)
    count = np.where(people["role"] == CRM_ONLY, 0, count)
    owner = np.repeat(np.arange(len(people)), count)
    devices = _device_rows(rng, owner)
    devices["rank"] = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    devices["is_internal"] = people["role"].to_numpy()[owner] == INTERNAL
    is_dual = rng.random(len(owner)) < 0.02
    devices["is_dual"] = is_dual & (devices["tracker"] == SOURCE["ga4"])
    return devices


def _device_rows(rng, owner):
    count = len(owner)
    tracker = np.where(rng.random(count) < 0.6, SOURCE["ga4"], SOURCE["web"])
    has_id = rng.random(count) < np.where(tracker == SOURCE["ga4"], 0.92, 0.25)
    return pd.DataFrame(
        {
            "owner": owner,
            "tracker": tracker,
            "has_session_id": has_id,
            "browser": rng.choice(len(shop.BROWSERS), size=count, p=shop.BROWSER_SHARES),
            # unknown, granted, refused always, refused now and then
            "consent_mode": rng.choice(4, size=count, p=[0.36, 0.58, 0.015, 0.045]),
            "bot": -1,
            "is_internal": False,
            "is_dual": False,
            "is_shared": False,
            "rank": 0,
        }
    )


def _moments(rng, day):
    """Times of day by habit: around noon and in the evening, some past midnight."""
    size = len(day)
    evening = rng.random(size) < 0.6
    hour = np.where(evening, 20.5, 12.0) + 2.6 * rng.standard_normal(size)
    return np.floor(day) + (hour % 24) / 24


def _visits(rng, people, devices, days):
    active = people["role"].isin([MEMBER, PASSER_BY, INTERNAL]).to_numpy()
    length = (people["stop_day"] - people["start_day"]).clip(lower=0.5).to_numpy()
    rate = people["visit_rate"].to_numpy()
    count = np.maximum(rng.poisson(rate * length), 1)
    count = np.where(people["role"] == PASSER_BY, 1, count) * active
    person = np.repeat(np.arange(len(people)), count)
    start = people["start_day"].to_numpy()[person]
    day = start + rng.random(len(person)) * length[person]

    first_device = np.searchsorted(devices["owner"], np.arange(len(people)))
    device_count = np.bincount(devices["owner"], minlength=len(people))
    choice = rng.random(len(person))
    other = (choice / 0.28 * (device_count[person] - 1)).astype(int)
    is_other = (choice < 0.28) & (device_count[person] > 1)
    device = first_device[person] + np.where(is_other, other + 1, 0)

    # a device in a kitchen: two people log in on it, and others use it without
    known = people["is_known"] & (people["role"] == MEMBER) & ~people["is_office"]
    candidates = rng.permutation(np.flatnonzero(known))
    pairs = min(max(len(people) // 180, 2), len(candidates) // 2)
    shared = _device_rows(rng, np.full(pairs, -1))
    shared["is_shared"] = True
    shared["consent_mode"] = UNKNOWN
    shared_visits = rng.integers(6, 10, pairs)
    pair = np.repeat(np.arange(pairs), shared_visits)
    turn = np.arange(len(pair)) % 2  # both are seen
    person = np.concatenate([person, candidates[2 * pair + turn]])
    device = np.concatenate([device, len(devices) + pair])
    place = np.concatenate([np.arange(size) for size in shared_visits])
    turns = (0.1 + 0.08 * place + 0.02 * rng.random(len(pair))) * days
    day = np.concatenate([day, turns])
    devices = pd.concat([devices, shared], ignore_index=True)

    day = _moments(rng, day)
    # whoever comes last still has time to finish
    day = np.where(day > days - 0.12, day - 1, day)
    day = np.where(day < 0, day + 1, day)
    at = START + np.round(day * DAY).astype(np.int64)
    visits = pd.DataFrame({"person": person, "device": device, "at": at})
    visits = visits.sort_values(["device", "at", "person"], ignore_index=True)
    place = visits.groupby("device").cumcount().to_numpy()

    size = len(visits)
    is_shared = devices["is_shared"].to_numpy()[visits["device"]]
    known = people["is_known"].to_numpy()[visits["person"]]
    logged = rng.random(size) < np.where(place == 0, 0.975, 0.5)
    logged = np.where(is_shared, (rng.random(size) < 0.4) | (place < 3), logged)
    visits["is_logged"] = known & logged
    mode = devices["consent_mode"].to_numpy()[visits["device"]]
    refused = (mode == 2) | ((mode == 3) & (rng.random(size) < 0.3) & (place > 0))
    visits["consent"] = np.where(refused, DENIED, np.where(mode == 3, GRANTED, mode))
    shares = np.array([entry[-1] for entry in shop.ARRIVALS])
    arrival = rng.choice(len(shares), size=size, p=shares / shares.sum())
    visits["arrival"] = np.where(is_shared, 0, arrival)
    return visits, devices


def _counts(visits, people, rng):
    who = visits["person"].to_numpy()
    extras = rng.poisson(people["extra_rate"].to_numpy()[who])
    views = rng.poisson(people["view_rate"].to_numpy()[who])
    passer = (people["role"] == PASSER_BY).to_numpy()[who]
    extras = np.where(passer, np.minimum(extras, 1), extras)
    views = np.where(passer, np.minimum(views, 1), views)
    return extras, views


def _events(rng, people, tastes, devices, visits, days, names, persuaded):
    who = visits["person"].to_numpy()
    size = len(visits)
    extras, views = _counts(visits, people, rng)

    # looked at and put into the cart
    view_visit = np.repeat(np.arange(size), views)
    view_slot = 1.0 + np.arange(len(view_visit)) - np.repeat(np.cumsum(views) - views, views)
    viewer = who[view_visit]
    cumulated = np.cumsum(tastes, axis=1)
    draw = rng.random(len(viewer))
    category = (draw[:, None] > cumulated[viewer]).sum(axis=1)
    category = np.minimum(category, len(shop.CATEGORIES) - 1)
    log_price = people["log_price"].to_numpy()[viewer]
    log_price = log_price + shop.VIEW_PRICE_SPREAD * rng.standard_normal(len(viewer))
    product = shop.product_near(category, log_price)
    passer = (people["role"] == PASSER_BY).to_numpy()
    in_cart = rng.random(len(viewer)) < people["cart_rate"].to_numpy()[viewer]
    in_cart &= ~passer[viewer]
    carts = np.bincount(view_visit[in_cart], minlength=size)

    # ordered
    known = people["is_known"].to_numpy()[who]
    is_shared = devices["is_shared"].to_numpy()[visits["device"]]
    ordered = (carts > 0) & (rng.random(size) < people["order_rate"].to_numpy()[who])
    ordered &= ~is_shared | visits["is_logged"].to_numpy()
    internal = (people["role"] == INTERNAL).to_numpy()[who]
    can_see = (carts > 0) & ~is_shared & ~internal & (visits["consent"] != DENIED).to_numpy()
    shown = experimenting.arms_shown(visits, can_see, names)
    would = pd.DataFrame(
        {
            "person": who,
            "at": visits["at"],
            "orders_without": ordered,
            "orders_with": ordered
            | (shown != experimenting.NOT_SHOWN) & (persuaded < experimenting.PERSUADED_SHARE),
        }
    )
    ordered = np.where(shown == experimenting.HINT, would["orders_with"], ordered)
    visits["is_logged"] |= ordered & known
    checkout = ordered | ((carts > 0) & (rng.random(size) < 0.35))
    removed = in_cart & ~ordered[view_visit] & (rng.random(len(viewer)) < 0.12)
    order = np.where(ordered, np.cumsum(ordered) - 1, -1)

    extra_visit = np.repeat(np.arange(size), extras)
    extra_slot = 1.0 + rng.random(len(extra_visit)) * (views[extra_visit] + 1)
    extra_kind = rng.choice(
        [KIND["page_view"], KIND["search"], KIND["view_item_list"]],
        size=len(extra_visit),
        p=[0.35, 0.15, 0.5],
    )
    is_web = devices["tracker"].to_numpy()[visits["device"]] == SOURCE["web"]
    wish = is_web & (rng.random(size) < 0.02)

    def part(visit, slot, kind, product=-1):
        visit = np.asarray(visit)
        return pd.DataFrame(
            {
                "visit": visit,
                "slot": np.broadcast_to(slot, visit.shape),
                "kind": np.broadcast_to(kind, visit.shape),
                "product": np.broadcast_to(product, visit.shape),
            }
        )

    logged = np.flatnonzero(visits["is_logged"])
    events = pd.concat(
        [
            part(np.arange(size), 0.0, KIND["page_view"]),
            part(logged, 0.5, KIND["login"]),
            part(extra_visit, extra_slot, extra_kind),
            part(view_visit, view_slot, KIND["view_item"], product),
            part(
                view_visit[in_cart],
                view_slot[in_cart] + 1e-3,
                KIND["add_to_cart"],
                product[in_cart],
            ),
            part(
                view_visit[removed],
                view_slot[removed] + 2e-3,
                KIND["remove_from_cart"],
                product[removed],
            ),
            part(np.flatnonzero(wish), 1e5, KIND["wishlist_shared"]),
            part(np.flatnonzero(checkout), 1e6, KIND["begin_checkout"]),
            part(np.flatnonzero(ordered), 1e6 + 1, KIND["purchase"]),
        ],
        ignore_index=True,
    ).sort_values(["visit", "slot"], ignore_index=True, kind="stable")

    events["at"] = _times(rng, events, visits, devices)
    visit = events["visit"].to_numpy()
    events["person"] = who[visit]
    events["device"] = visits["device"].to_numpy()[visit]
    events["source"] = devices["tracker"].to_numpy()[events["device"]]
    events["consent"] = visits["consent"].to_numpy()[visit]
    is_first = events["slot"].to_numpy() == 0.0
    events["arrival"] = np.where(is_first, visits["arrival"].to_numpy()[visit], 0)
    events["order"] = np.where(events["kind"] == KIND["purchase"], order[visit], -1)
    events["quantity"] = np.where(
        events["kind"] == KIND["add_to_cart"], 1 + (rng.random(len(events)) < 0.2), 1
    )
    is_second = people["has_second_login"].to_numpy()[who] & (
        visits["at"].to_numpy() > START + people["second_login_day"].to_numpy()[who] * DAY
    )
    login = np.where(visits["is_logged"], 1 + is_second, 0)
    events["login"] = np.where(events["slot"] >= 0.5, login[visit], 0)
    gives_email = rng.random(len(events)) < 0.5
    events["gives_email"] = gives_email & (events["kind"] == KIND["login"])
    events["gives_email"] &= ~people["is_office"].to_numpy()[events["person"]]
    events["email_in_url"] = events["gives_email"] & (rng.random(len(events)) < 0.05)
    has_id = devices["has_session_id"].to_numpy()[events["device"]]
    has_id &= rng.random(len(events)) > 0.002
    events["session_id"] = np.where(has_id, visits["at"].to_numpy()[visit] // 1000, -1)
    paid = is_first & (events["arrival"] == shop.PAID)
    events["click"] = np.where(paid, visit, -1)
    events["linked"] = -1
    events["is_copy"] = False
    # nobody can tell who sat at a shared device without logging in
    lost = devices["is_shared"].to_numpy()[events["device"]] & (events["login"] == 0)
    events["is_nobody"] = lost

    bought = events[(events["kind"] == KIND["add_to_cart"])]
    bought = bought[ordered[bought["visit"].to_numpy()]]
    items = pd.DataFrame(
        {
            "order": order[bought["visit"].to_numpy()],
            "product": bought["product"].to_numpy(),
            "quantity": bought["quantity"].to_numpy(),
        }
    )
    exposures = experimenting.exposures(events, visits, shown, KIND["add_to_cart"])
    courses = experimenting.courses(exposures, would)
    return events.drop(columns=["slot"]), items, exposures, courses


def _times(rng, events, visits, devices):
    """When each event of each visit happens; here silences and ties are planted."""
    size = len(events)
    visit = events["visit"].to_numpy()
    gap = np.clip(rng.lognormal(np.log(22), 0.9, size), 0.4, 1500)
    gap = np.round(gap * 1000).astype(np.int64)
    gap[rng.random(size) < 0.02] = 0  # sent in one bundle
    place = events.groupby("visit").cumcount().to_numpy()
    length = np.bincount(visit, minlength=len(visits))
    device = visits["device"].to_numpy()
    has_id = devices["has_session_id"].to_numpy()[device]
    is_early = visits["at"].to_numpy() < visits["at"].max() - 3 * DAY
    for silence, with_id, stride in (
        (1_800_000, False, 97),
        (1_801_000, False, 89),
        (2 * HOUR, True, 151),
        (25 * HOUR, True, 353),
    ):
        fits = np.flatnonzero((length >= 4) & (has_id == with_id) & is_early)
        chosen = np.zeros(len(visits), dtype=bool)
        chosen[fits[stride // 2 :: stride]] = True
        chosen[fits[:1]] |= len(fits) <= stride // 2
        gap[chosen[visit] & (place == 2)] = silence
    gap[place == 0] = 0
    total = np.cumsum(gap)
    first = np.flatnonzero(place == 0)
    return visits["at"].to_numpy()[visit] + total - total[first][visit]


def _seen_twice(events, devices):
    """The same visits as the tag saw them, on devices where both trackers run."""
    again = events[devices["is_dual"].to_numpy()[events["device"]]].copy()
    again["source"] = SOURCE["web"]
    again["at"] += 120
    again["session_id"] = -1
    again["is_copy"] = True
    return again


def _blank(at, source, kind, device=-1, person=-1, **more):
    """Event rows with everything absent that is not named."""
    size = len(at)
    values = {
        "visit": -1,
        "kind": kind,
        "product": -1,
        "at": at,
        "person": person,
        "device": device,
        "source": source,
        "consent": UNKNOWN,
        "arrival": 0,
        "order": -1,
        "quantity": 1,
        "login": 0,
        "gives_email": False,
        "email_in_url": False,
        "session_id": -1,
        "click": -1,
        "linked": -1,
        "is_copy": False,
        "is_nobody": False,
    } | more
    return pd.DataFrame({name: np.broadcast_to(value, size) for name, value in values.items()})


def _others(rng, people, devices, visits, days):
    """Letters, the journal, paid clicks, bots, and visits that two trackers saw."""
    parts = []
    device_frames = []
    next_device = len(devices)

    def add_devices(owner, **columns):
        nonlocal next_device
        rows = _device_rows(rng, owner)
        rows["has_session_id"] = False
        rows["consent_mode"] = UNKNOWN
        for name, value in columns.items():
            rows[name] = value
        device_frames.append(rows)
        numbers = next_device + np.arange(len(rows))
        next_device += len(rows)
        return numbers

    # letters opened: the pixel knows the e-mail's hash and no device
    readers = np.flatnonzero(people["gets_letters"])
    opens = np.repeat(readers, rng.poisson(2.5, len(readers)))
    day = people["start_day"].to_numpy()[opens]
    day = day + rng.random(len(opens)) * (people["stop_day"].to_numpy()[opens] - day - 0.1).clip(
        min=0
    )
    parts.append(
        _blank(
            START + (day * DAY).astype(np.int64),
            SOURCE["pixel"],
            KIND["email_open"],
            person=opens,
            gives_email=True,
        )
    )
    # a letter's link clicked: e-mail and device in one hit, just before the visit
    letter = people["gets_letters"].to_numpy()[visits["person"]]
    letter &= visits["arrival"].to_numpy() == 4
    letter &= visits["at"].to_numpy() > START + 10_000
    clicked = visits[letter]
    parts.append(
        _blank(
            clicked["at"].to_numpy() - 1500,
            SOURCE["pixel"],
            KIND["email_click"],
            device=clicked["device"].to_numpy(),
            person=clicked["person"].to_numpy(),
            consent=clicked["consent"].to_numpy(),
            gives_email=True,
        )
    )

    # the journal lives on another domain; its cookie is linked once, by a lid
    members = np.flatnonzero((people["role"] == MEMBER) & ~people["is_office"])
    readers = members[rng.random(len(members)) < 0.05]
    journal = add_devices(readers, tracker=SOURCE["pixel"])
    count = rng.integers(2, 5, len(readers))
    which = np.repeat(np.arange(len(readers)), count)
    start = people["start_day"].to_numpy()[readers]
    length = people["stop_day"].to_numpy()[readers] - start - 0.1
    one_visit = start + rng.random(len(readers)) * length.clip(min=0)
    order_in_visit = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    at = START + (one_visit[which] * DAY).astype(np.int64) + order_in_visit * 41_000
    main_device = np.searchsorted(
        devices["owner"].to_numpy()[~devices["is_shared"].to_numpy()], readers
    )
    parts.append(
        _blank(
            at,
            SOURCE["pixel"],
            KIND["page_view"],
            device=journal[which],
            person=readers[which],
            linked=np.where(order_in_visit == 0, main_device[which], -1),
        )
    )

    # the network's own list of paid clicks; some never reached the shop
    paid = np.flatnonzero(visits["arrival"] == shop.PAID)
    told = rng.random(len(paid)) < 0.5
    parts.append(
        _blank(
            np.maximum(visits["at"].to_numpy()[paid] - 2300, START),
            SOURCE["ads"],
            KIND["campaign_click"],
            device=np.where(told, visits["device"].to_numpy()[paid], -1),
            person=visits["person"].to_numpy()[paid],
            click=paid,
        )
    )
    lost = max(len(paid) // 12, 1)
    parts.append(
        _blank(
            START + rng.integers(0, days * DAY, lost),
            SOURCE["ads"],
            KIND["campaign_click"],
            click=len(visits) + np.arange(lost),
        )
    )

    # bots that say so, and bots that behave so
    count = max(len(people) // 80, 2)
    agent = np.arange(count) % len(shop.BOT_AGENTS)
    bots = add_devices(np.full(count, -1), tracker=SOURCE["web"], bot=agent)
    length = rng.integers(3, 25, count)
    which = np.repeat(np.arange(count), length)
    begin = START + rng.integers(0, days * DAY - HOUR, count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    product = rng.integers(0, len(shop.CATEGORIES) * shop.PRODUCTS_PER_CATEGORY)
    at = begin[which] + step * 2_000
    parts.append(_blank(at, SOURCE["web"], KIND["view_item"], bots[which], product=product))
    count = max(len(people) // 330, 2)
    tracker = np.where(np.arange(count) % 2 == 0, SOURCE["web"], SOURCE["ga4"])
    quick = add_devices(np.full(count, -1), tracker=tracker)
    length = rng.integers(150, 320, count)
    which = np.repeat(np.arange(count), length)
    begin = START + rng.integers(0, days * DAY - HOUR, count)
    total = np.cumsum(rng.integers(40, 400, len(which)))
    at = begin[which] + total - total[np.cumsum(length) - length][which]
    product = rng.integers(0, len(shop.CATEGORIES) * shop.PRODUCTS_PER_CATEGORY, len(which))
    parts.append(_blank(at, tracker[which], KIND["view_item"], quick[which], product=product))
    frames = pd.concat(device_frames, ignore_index=True)
    return frames, parts


def _mixed(numbers, salt):
    """A well mixed 64-bit number for each number (the finisher of splitmix64)."""
    with np.errstate(over="ignore"):
        value = numbers.astype(np.uint64) + np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))


def _anonymous_ids(devices, block):
    number = np.arange(len(devices)) + block * BLOCK_STRIDE
    mixed = _mixed(number, 7)
    is_ga4 = devices["tracker"].to_numpy() == SOURCE["ga4"]
    first = 1_600_000_000 + (mixed >> np.uint64(40)).astype(np.int64) % 160_000_000
    names = [
        f"{value % 10_000_000_000}.{second}" if ga4 else f"w-{value:016x}"
        for value, second, ga4 in zip(mixed.tolist(), first.tolist(), is_ga4.tolist(), strict=True)
    ]
    return np.array(names, dtype=object)


def _name_devices(devices, block):
    devices.insert(0, "device", np.arange(len(devices)) + block * BLOCK_STRIDE)
    devices["anonymous_id"] = _anonymous_ids(devices, block)
    return devices


def _orders(rng, people, events, items, days, block):
    """Orders as the CRM has them, and the money of each bought item.

    Everybody with a login buys under it; a quarter of the guests are in the CRM not at
    all. People known to the CRM only order by telephone.
    """
    bought = events[(events["kind"] == KIND["purchase"]) & (events["order"] >= 0)]
    orders = bought[["order", "person", "at", "login"]].drop_duplicates("order")
    phone = people[people["role"] == CRM_ONLY].index.to_numpy()
    phone = np.repeat(phone, rng.integers(0, 3, len(phone)))
    extra = pd.DataFrame(
        {
            "order": block * BLOCK_STRIDE + 5_000_000_000 + np.arange(len(phone)),
            "person": phone,
            "at": START + rng.integers(HOUR, days * DAY - DAY, len(phone)),
            "login": 0,
        }
    )
    orders = pd.concat([orders, extra], ignore_index=True)
    goods = len(shop.CATEGORIES) * shop.PRODUCTS_PER_CATEGORY
    items = pd.concat(
        [
            items,
            pd.DataFrame(
                {
                    "order": extra["order"],
                    "product": rng.integers(0, goods, len(extra)),
                    "quantity": 1,
                }
            ),
        ],
        ignore_index=True,
    )
    items = items[items["order"].isin(orders["order"])]
    items = items.sort_values(["order", "product"], kind="stable", ignore_index=True)

    who = orders["person"].to_numpy()
    size = len(orders)
    has_coupon = rng.random(size) < people["discount_rate"].to_numpy()[who]
    part = rng.choice(shop.DISCOUNTS, size=size)
    orders["discount_share"] = np.where(has_coupon, part, 0.0)
    orders["country"] = people["country"].to_numpy()[who]
    orders["in_crm"] = people["is_known"].to_numpy()[who]
    draw = rng.random(size)
    # 0 plain, 1 cancelled later, 2 part given back, 3 refund document, 4 one that
    # names no order; a product of the order given back, cancelled or without a price
    orders["trouble"] = np.digitize(draw, [0.035, 0.055, 0.07, 0.08, 0.095, 0.11, 0.115])
    orders["trouble"] = (orders["trouble"] + 1) % 8
    orders["event_form"] = rng.integers(0, 8, size)

    index = orders.set_index("order")
    owner = items["order"].to_numpy()
    rate = np.array([entry[2] for entry in shop.COUNTRIES])
    dollars = shop.products()["dollars"][items["product"]]
    price = np.round(dollars * rate[index["country"].loc[owner].to_numpy()], 2)
    items["price_cents"] = np.rint(price * 100).astype(np.int64)
    gross = items["price_cents"] * items["quantity"]
    share = index["discount_share"].loc[owner].to_numpy()
    items["discount_cents"] = np.rint(gross * share).astype(np.int64)
    items["line"] = items.groupby("order").cumcount() + 1
    sums = (
        pd.DataFrame(
            {
                "order": owner,
                "gross_cents": gross,
                "discount_cents": items["discount_cents"],
            }
        )
        .groupby("order")
        .sum()
    )
    orders = orders.join(sums, on="order")
    return orders.sort_values("order", ignore_index=True), items


def _consents(rng, people, devices, days):
    """What the CRM knows of consents: who, by which identifier, from and until when.

    ``named_by``: 0 customer, login and e-mail; 1 customer alone; 2 login alone;
    3 a device alone. ``until`` is NEVER unless consent was given again. Whoever else gets
    letters asked for them, in the first half of the period.
    """
    single = people["is_known"] & (people["role"] == MEMBER) & ~people["is_office"]
    single &= ~people["has_second_login"]
    who = rng.permutation(np.flatnonzero(single))
    count = max(len(people) // 50, 4)
    who = who[: 2 * count]
    letters = people["gets_letters"].to_numpy()[who]
    # an e-mail's own events follow only where the record holds the e-mail
    named_by = np.where(letters, 0, np.arange(len(who)) % 3)
    at = START + np.round(rng.uniform(0.3, 0.95, len(who)) * days * DAY / 1000) * 1000
    again = rng.random(len(who)) < 0.2
    until = np.where(again, at + 0.04 * days * DAY, NEVER).astype(np.int64)
    # the other half refuses marketing only, which does not touch events
    analytics = np.arange(len(who)) % 2 == 0
    rows = pd.DataFrame(
        {
            "named_by": named_by,
            "person": who,
            "device": -1,
            "at": at.astype(np.int64),
            "until": np.where(analytics, until, NEVER),
            "refuses_analytics": analytics,
            "refuses_marketing": True,
        }
    )
    readers = np.setdiff1d(np.flatnonzero(single & people["gets_letters"]), who)
    asked = pd.DataFrame(
        {
            "named_by": 0,
            "person": readers,
            "device": -1,
            "at": START + readers % (days // 2) * DAY + 9 * HOUR,
            "until": NEVER,
            "refuses_analytics": False,
            "refuses_marketing": False,
        }
    )
    own = np.flatnonzero((devices["owner"] >= 0) & (devices["tracker"] < 2))
    chosen = rng.permutation(own)[: max(len(people) // 150, 2)]
    at = START + np.round(rng.uniform(0.3, 0.95, len(chosen)) * days * DAY / 1000) * 1000
    more = pd.DataFrame(
        {
            "named_by": 3,
            "person": -1,
            "device": devices["device"].to_numpy()[chosen],
            "at": at.astype(np.int64),
            "until": NEVER,
            "refuses_analytics": True,
            "refuses_marketing": True,
        }
    )
    return pd.concat([rows, more, asked], ignore_index=True)
