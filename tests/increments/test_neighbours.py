"""Sessions of two trackers that lie close together: which ones count, however they arrive."""

import json
import random

import duckdb

from kindred.landing import land

VISITORS, VISITS, EVENTS, MINUTES = 300, 6, 8, 4320
# which of the minutes each delivery tells of: what goes on, what came long before, what is new
DELIVERIES = [(0, 4000), (3900, 4200), (3300, 4320), (4250, 4320)]


def made_up(chance: random.Random) -> list[list[tuple[str, int, int]]]:
    """Deliveries of (tracker, visitor, minute): every event in one of them."""
    delivered: list[list[tuple[str, int, int]]] = [[] for _ in DELIVERIES]
    for visitor in range(VISITORS):
        begins = [chance.randrange(MINUTES - 150) for _ in range(VISITS)]
        for minute in {begin + chance.randrange(150) for begin in begins for _ in range(EVENTS)}:
            fitting = [n for n, (first, end) in enumerate(DELIVERIES) if first <= minute < end]
            number = fitting[0] if chance.random() < 0.8 else chance.choice(fitting)
            delivered[number].append((chance.choice(["web", "pixel"]), visitor, minute))
    return delivered


def deliver(home, number: int, events: list[tuple[str, int, int]]) -> None:
    """Land one delivery, a file of each tracker."""
    lines = {"web": [], "pixel": ["hit_id,time,query"]}
    for tracker, visitor, minute in events:
        day, hour = divmod(minute // 60, 24)
        time = f"2026-03-{day + 1:02}T{hour:02}:{minute % 60:02}:00Z"
        name = f"{tracker}-{visitor}-{minute}"
        if tracker == "web":
            told = {"event_id": name, "anonymous_id": f"visitor-{visitor}", "name": "page_view"}
            lines["web"].append(json.dumps({**told, "sent_at": time, "received_at": time}))
        else:
            lines["pixel"].append(f"{name},{time},e=page_view&aid=visitor-{visitor}")
    for place, told in (
        ("web/events/{}.jsonl", lines["web"]),
        ("pixel/hits/{}.csv", lines["pixel"]),
    ):
        path = home / "inbox" / place.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(told) + "\n")
    land(home, report=lambda line: None)


def judged(warehouse) -> tuple[list[tuple], list[tuple]]:
    """What is told of sessions, and which of their events count."""
    with duckdb.connect(str(warehouse.build), read_only=True) as connection:
        sessions = connection.execute(
            "select is_shadowed, * exclude (run_number) "
            "from intermediate.int_sessions__judged order by session_key"
        ).fetchall()
        events = connection.execute(
            "select event_key, session_key, is_counted "
            "from intermediate.int_events__enriched order by event_key"
        ).fetchall()
    return sessions, events


def test_a_session_and_its_events_are_shadowed_by_its_neighbours_whenever_they_are_told(warehouse):
    warehouse.start_over()
    models = ("+int_sessions__judged", "int_user_agents__classified", "int_events__enriched")
    for number, events in enumerate(made_up(random.Random(3))):
        deliver(warehouse.home, number, events)
        warehouse.dbt("run", "--select", *models)
    told_in_parts = judged(warehouse)
    warehouse.dbt("run", "--select", *models, "--full-refresh")
    assert told_in_parts == judged(warehouse)
    sessions, events = told_in_parts
    assert {is_shadowed for is_shadowed, *_ in sessions} == {True, False}
    shadowed = {key for is_shadowed, key, *_ in sessions if is_shadowed}
    assert {is_counted for *_, key, is_counted in events if key in shadowed} == {False}
