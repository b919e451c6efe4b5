"""Histories that chance makes up: the SQL fires what a reader of one event at a time fires."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from walker import walk

NOW = datetime(2026, 1, 1)
LAST_HOUR = 40
COMPARED = (
    "rule_id",
    "user_id",
    "key_value",
    "event_id",
    "fired_at",
    "window_started_at",
    "expires_at",
    "evidence",
    "match_count",
    "suppressed_reason",
    "is_active",
)
Row = dict[str, Any]


def rows_of(found: list[Row]) -> list[tuple]:
    """Rows of an engine, comparable; a text for each because keys may be missing."""
    return sorted(
        (tuple(row[name] for name in COMPARED) for row in found), key=lambda row: str(row)
    )


def at(hour: float) -> datetime:
    return NOW + timedelta(hours=hour)


@st.composite
def rule_lists(draw) -> list[Row]:
    hours = st.integers(0, 6)
    names = st.sampled_from("ab")
    rules = []
    for number in range(draw(st.integers(1, 4))):
        rule = {
            "rule_id": f"r{number}",
            "kind": draw(st.sampled_from(["count", "sum", "nth", "sequence", "absence"])),
            "event_name": draw(names),
            "key_kind": draw(st.sampled_from(["none", "product"])),
            "cooldown_hours": draw(st.sampled_from([0, 1, 4, 1000])),
            "expires_hours": draw(st.sampled_from([0, 1, 3])),
            "ends_with_event": draw(st.sampled_from([None, "a", "b"])),
        }
        if draw(st.booleans()):
            price = {"filter_column": "price", "filter_operator": ">="}
            rule |= price | {"filter_value": str(draw(st.integers(1, 3)))}
        operators = st.sampled_from(["=", "!=", ">=", "<"])
        rule["conditions"] = [
            {"property_name": "x", "operator": operator, "value": "2"}
            for operator in draw(st.lists(operators, max_size=2, unique=True))
        ]
        if rule["kind"] in ("count", "nth"):
            rule["match_count"] = draw(st.integers(1, 4))
        if rule["kind"] in ("count", "sum", "sequence"):
            rule["within_hours"] = draw(hours)
        if rule["kind"] == "sum":
            rule |= {"sum_column": draw(st.sampled_from(["revenue", "quantity"]))}
            rule |= {"at_least": draw(st.integers(1, 6))}
        if rule["kind"] == "sequence":
            rule["then_event"] = " > ".join(draw(st.lists(names, min_size=1, max_size=3)))
        if rule["kind"] == "absence":
            rule |= {"then_not_event": draw(names), "after_hours": draw(st.integers(1, 6))}
            rule |= {"wait_from": draw(st.sampled_from(["first", "last"]))}
        rules.append(rule)
    return rules


@st.composite
def event_lists(draw) -> list[Row]:
    # whole hours, or a microsecond beside one: boundaries are met all the time
    count = draw(st.integers(1, 60))
    events = []
    for number in draw(st.permutations(range(count))):
        hour = draw(st.integers(0, LAST_HOUR - 1))
        beside = timedelta(microseconds=draw(st.sampled_from([0, 0, 0, 0, 1])))
        event = {
            "event_id": f"e{number:02}",
            "user_id": draw(st.sampled_from(["u1", "u2", "u2", None])),
            "event_name": draw(st.sampled_from("ab")),
            "occurred_at": at(hour) + beside,
            "product_id": draw(st.sampled_from(["p", "p", "q", None])),
            "price": draw(st.integers(1, 3)),
            "revenue": draw(st.sampled_from([None, 1, 2])),
            "quantity": draw(st.sampled_from([None, 2])),
            "properties": draw(st.sampled_from([{"x": "1"}, {"x": "2"}, {"x": "3"}, {}])),
        }
        if draw(st.integers(0, 5)) == 0:
            item = {"price": 3, "quantity": 1, "revenue": 1}
            event["items"] = [item | {"product_id": "p"}, item | {"product_id": "q", "price": 1}]
        events.append(event)
    return events


searched = settings(
    max_examples=16,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@searched
@given(rules=rule_lists(), events=event_lists())
def test_sql_fires_what_a_stream_would_fire(sql_engine, rules, events):
    found = sql_engine.walk(rules, events, at(LAST_HOUR))
    assert rows_of(found) == rows_of(walk(rules, events, at(LAST_HOUR)))


@settings(searched, max_examples=5)
@given(rules=rule_lists(), events=event_lists(), hour=st.integers(LAST_HOUR, LAST_HOUR + 8))
def test_what_is_stored_ahead_of_time_is_what_fires_when_nothing_happens(
    sql_engine, rules, events, hour
):
    at_the_hour = rows_of(walk(rules, events, at(hour)))
    assert rows_of(sql_engine.walk(rules, events, at(hour))) == at_the_hour
    # what lies ahead leaves no trace in what lies before: not a number, not a reason
    later = sql_engine.walk(rules, events, at(LAST_HOUR + 1000))
    for row in later:
        row["is_active"] = row["suppressed_reason"] is None and at(hour) < row["expires_at"]
    assert rows_of([row for row in later if row["fired_at"] <= at(hour)]) == at_the_hour


@settings(searched, max_examples=4)
@given(rules=rule_lists(), events=event_lists(), user=st.sampled_from(["u1", "u2"]))
def test_touched_users_get_what_everybody_read_anew_gives_them(sql_engine, rules, events, user):
    assume(any(event["user_id"] == user for event in events))
    everybody = sql_engine.walk(rules, events, at(LAST_HOUR))
    touched = sql_engine.walk(rules, events, at(LAST_HOUR), only_user=user)
    assert rows_of(touched) == rows_of([row for row in everybody if row["user_id"] == user])


def test_a_long_history_of_one_user_agrees_too(sql_engine):
    minute, events = 0, []
    for number in range(400):
        minute += (number * 7919) % 11
        name = "b" if number % 37 == 0 else "a"
        moment = NOW + timedelta(minutes=minute)
        event = {"event_id": f"e{number:03}", "user_id": "u", "event_name": name}
        events.append(event | {"occurred_at": moment})
    shared = {"event_name": "a", "expires_hours": 1, "cooldown_hours": 2}
    counted = {"rule_id": "counted", "kind": "count", "match_count": 5, "within_hours": 1}
    waited = {"rule_id": "waited", "kind": "absence", "then_not_event": "b"}
    waited |= {"wait_from": "first", "after_hours": 1, "cooldown_hours": 3}
    rules = [shared | counted, shared | waited]
    as_of = NOW + timedelta(days=10)
    found = sql_engine.walk(rules, events, as_of)
    assert {row["rule_id"] for row in found} == {"counted", "waited"}
    assert {row["suppressed_reason"] for row in found} == {None, "cooldown"}
    assert rows_of(found) == rows_of(walk(rules, events, as_of))
