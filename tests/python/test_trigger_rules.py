"""Triggers in SQL against a reader that takes one event at a time, as a stream would.

The SQL is what dbt compiled, with each table it reads replaced by a small one.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

PROJECT = Path(__file__).parents[2]
HOUR = 3_600_000_000
NOW = 1_767_225_600_000_000  # 2026-01-01
LAST_HOUR = 40
MODELS = [
    "int_triggers__matched",
    "int_triggers__counted",
    "int_triggers__armed",
    "int_triggers__candidates",
    "int_triggers__walked",
]
INPUTS = {
    "trigger_rules": (
        "rule_id varchar, kind varchar, event_name varchar, filter_column varchar,"
        " filter_operator varchar, filter_value varchar, key_kind varchar,"
        " match_count bigint, within_hours decimal(18, 6), then_not_event varchar,"
        " wait_from varchar, after_hours decimal(18, 6),"
        " cooldown_hours decimal(18, 6), expires_hours decimal(18, 6)"
    ),
    "int_events__resolved": (
        "row_key bigint, event_key ubigint, event_id varchar, user_id varchar, user_key bigint,"
        " identifier_key bigint, event_name varchar, occurred_at timestamp,"
        " product_id varchar, price decimal(18, 4), session_key bigint,"
        " source varchar, device varchar, country varchar, category varchar,"
        " revenue decimal(18, 4), quantity decimal(18, 4), is_counted boolean"
    ),
    "int_events__unfolded": (
        "row_key bigint, product_id varchar, category varchar,"
        " quantity decimal(18, 4), price decimal(18, 4)"
    ),
    "int_identities__resolved": "identifier_key bigint, user_key bigint",
    "int_triggers__touched": (
        "user_key bigint, user_id varchar, rules_hash varchar, is_everybody boolean,"
        " run_number bigint"
    ),
    "int_sessions__attributed": "session_key bigint, channel_group varchar",
    "int_time__resolved": "as_of timestamp",
}
Rule = dict[str, Any]
# time, event id, user, event name, product, price
Event = tuple[int, str, str | None, str, str | None, int]
Firing = tuple[str, str, str, str, int, int, tuple[str, ...], int, bool]


@pytest.fixture(scope="module")
def walk_in_sql(tmp_path_factory):
    """Return a function from rules and events to the rows of the walked candidates."""
    target = tmp_path_factory.mktemp("target")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        patch.setenv("KINDRED_HOME", str(target))
        arguments = ["--quiet", "compile", "--select", *MODELS, "--target-path", target]
        arguments += ["--log-path", target]
        arguments += ["--project-dir", PROJECT, "--profiles-dir", PROJECT]
        result = dbtRunner().invoke([str(argument) for argument in arguments])
    assert result.success, result.exception
    nodes = json.loads((target / "manifest.json").read_text())["nodes"].values()
    named = {node["name"]: node for node in nodes if node.get("relation_name")}

    def compiled(model):
        text = Path(PROJECT, named[model]["compiled_path"]).read_text()
        for name in [*INPUTS, *MODELS]:
            text = text.replace(named[name]["relation_name"], name)
        return text

    connection = duckdb.connect()
    connection.execute("set threads = 1")
    for table, columns in INPUTS.items():
        connection.execute(f"create table {table} ({columns})")
    for model in MODELS:
        connection.execute(f"create view {model} as {compiled(model)}")

    def walk(
        rules: list[Rule],
        events: list[Event],
        *,
        hour: int = LAST_HOUR,
        touched: str = "true",
    ) -> list[Firing]:
        for table in INPUTS:
            connection.execute(f"delete from {table}")
        connection.execute(
            "insert into int_time__resolved select make_timestamp(?::bigint)",
            [NOW + hour * HOUR],
        )
        for rule in rules:
            connection.execute(
                f"insert into trigger_rules ({', '.join(rule)}) "
                f"values ({', '.join('?' * len(rule))})",
                list(rule.values()),
            )
        # numbers that sort as the ids do
        ids = sorted({one[1] for one in events})
        names = {name: number for number, name in enumerate(ids)}
        users = {
            name: number for number, name in enumerate(sorted({one[2] or "" for one in events}))
        }
        connection.executemany(
            "insert into int_events__resolved by name select"
            " make_timestamp(?::bigint) as occurred_at, ? as event_id, ? as user_id,"
            " ? as event_name, ? as product_id, ? as price, true as is_counted,"
            " ? as row_key, row_key as event_key, ? as user_key, user_key as identifier_key",
            [(*one, names[one[1]], users[one[2] or ""]) for one in events],
        )
        connection.execute(
            "insert into int_identities__resolved select distinct identifier_key, user_key"
            " from int_events__resolved where user_id is not null"
        )
        connection.execute(
            "insert into int_triggers__touched select distinct user_key, user_id, '', true, 1"
            f" from int_events__resolved where user_id is not null and {touched}"
        )
        rows = connection.execute(
            "select rule_id, user_id, key_value, event_id, epoch_us(fired_at),"
            " epoch_us(window_started_at), evidence_event_ids, match_count,"
            " suppressed_reason is null from int_triggers__walked"
            " where fired_at <= (select as_of from int_time__resolved)"
        ).fetchall()
        return sorted(
            (
                *row[:3],
                ids[int(row[3], 16)],
                *row[4:6],
                tuple(ids[int(one, 16)] for one in json.loads(row[6])),
                *row[7:],
            )
            for row in rows
        )

    return walk


class Reader:
    """One rule, user and key; sees events in order and keeps only what it must."""

    def __init__(self, rule: Rule, user_id: str, key_value: str) -> None:
        self.rule, self.user_id, self.key_value = rule, user_id, key_value
        self.matches: list[tuple[int, str]] = []
        self.wait: tuple[int, str] | None = None
        self.last_fired: int | None = None
        self.rows: list[Firing] = []

    def due(self) -> int:
        return self.wait[0] + self.rule["after_hours"] * HOUR

    def pass_time(self, moment: int) -> None:
        """Let timers go off that are due before ``moment``; its events come first."""
        if self.wait and self.due() < moment:
            started, event_id = self.wait
            self.offer(self.due(), event_id, started, (event_id,), 1)
            self.wait = None

    def see(self, moment: int, event_id: str, *, opens: bool, closes: bool) -> None:
        self.pass_time(moment)
        if self.rule["kind"] == "count":
            if opens:
                self.count(moment, event_id)
            return
        if closes:
            self.wait = None
        if opens and (self.wait is None or self.rule["wait_from"] == "last"):
            self.wait = (moment, event_id)

    def count(self, moment: int, event_id: str) -> None:
        oldest = moment - self.rule["within_hours"] * HOUR
        self.matches = [match for match in self.matches if match[0] >= oldest]
        self.matches.append((moment, event_id))
        needed = self.rule["match_count"]
        if len(self.matches) >= needed:
            evidence = tuple(name for _, name in self.matches[-needed:])
            started = self.matches[0][0]
            self.offer(moment, event_id, started, evidence, len(self.matches))

    def offer(self, moment, event_id, started, evidence, match_count) -> None:
        cooldown = self.rule["cooldown_hours"] * HOUR
        fires = self.last_fired is None or moment >= self.last_fired + cooldown
        if fires:
            self.last_fired = moment
        self.rows.append(
            (
                self.rule["rule_id"],
                self.user_id,
                self.key_value,
                event_id,
                moment,
                started,
                evidence,
                match_count,
                fires,
            )
        )


def walk_event_by_event(
    rules: list[Rule], events: list[Event], *, hour: int = LAST_HOUR
) -> list[Firing]:
    """Give what a stream would have fired and suppressed by the hour."""
    rows: list[Firing] = []
    for rule in rules:
        readers: dict[tuple[str, str], Reader] = {}
        for moment, event_id, user_id, name, product_id, price in sorted(events):
            key = product_id if rule["key_kind"] == "product" else ""
            if user_id is None or key is None:
                continue
            least = rule.get("filter_value")
            opens = name == rule["event_name"] and (least is None or price >= int(least))
            closes = name == rule.get("then_not_event")
            reader = readers.setdefault((user_id, key), Reader(rule, user_id, key))
            if opens or closes:
                reader.see(moment, event_id, opens=opens, closes=closes)
        for reader in readers.values():
            reader.pass_time(NOW + hour * HOUR + 1)  # due at the hour fires
            rows.extend(reader.rows)
    return sorted(rows)


def rule(rule_id: str, **settings: Any) -> Rule:
    """Give a rule with the settings that none of these tests varies."""
    price = {"filter_column": "price", "filter_operator": ">="}
    conditions = price if "filter_value" in settings else {}
    defaults = {"rule_id": rule_id, "key_kind": "none", "expires_hours": 1}
    return {**defaults, **conditions, "cooldown_hours": 0, **settings}


@st.composite
def rule_lists(draw) -> list[Rule]:
    hours = st.integers(0, 6)
    keys = st.sampled_from(["none", "product"])
    names = st.sampled_from("ab")
    rules = []
    for number in range(draw(st.integers(1, 4))):
        shared = {
            "event_name": draw(names),
            "key_kind": draw(keys),
            "cooldown_hours": draw(st.sampled_from([0, 1, 4, 1000])),
        }
        if draw(st.booleans()):
            shared["filter_value"] = str(draw(st.integers(1, 3)))
        if draw(st.booleans()):
            own = {
                "kind": "count",
                "match_count": draw(st.integers(1, 4)),
                "within_hours": draw(hours),
            }
        else:
            own = {
                "kind": "absence",
                "then_not_event": draw(names),
                "wait_from": draw(st.sampled_from(["first", "last"])),
                "after_hours": draw(st.integers(1, 6)),
            }
        rules.append(rule(f"r{number}", **shared, **own))
    return rules


@st.composite
def event_lists(draw) -> list[Event]:
    # whole hours, or a microsecond beside one: boundaries are met all the time
    count = draw(st.integers(1, 60))
    events = []
    for number in draw(st.permutations(range(count))):
        hour = draw(st.integers(0, LAST_HOUR - 1))
        moment = NOW + hour * HOUR + draw(st.sampled_from([0, 0, 0, 0, 1]))
        events.append(
            (
                moment,
                f"e{number:02}",
                draw(st.sampled_from(["u1", "u2", "u2", None])),
                draw(st.sampled_from("ab")),
                draw(st.sampled_from(["p", "p", "q", None])),
                draw(st.integers(1, 3)),
            )
        )
    return events


searched = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@searched
@given(rules=rule_lists(), events=event_lists())
@example(
    rules=[rule("r", kind="count", event_name="a", match_count=1, within_hours=0)],
    events=[(NOW, "e1", "u1", "a", None, 1), (NOW, "e2", "u1", "a", None, 1)],
)
def test_sql_fires_what_a_stream_would_fire(walk_in_sql, rules, events):
    assert walk_in_sql(rules, events) == walk_event_by_event(rules, events)


@settings(searched, max_examples=15)
@given(rules=rule_lists(), events=event_lists(), hour=st.integers(LAST_HOUR, LAST_HOUR + 8))
def test_what_is_stored_ahead_of_time_is_what_fires_when_nothing_happens(
    walk_in_sql, rules, events, hour
):
    now = NOW + hour * HOUR
    at_the_hour = walk_event_by_event(rules, events, hour=hour)
    later = walk_in_sql(rules, events, hour=LAST_HOUR + 1000)
    assert walk_in_sql(rules, events, hour=hour) == at_the_hour
    # what lies ahead leaves no trace in what lies before: not a number, not a reason
    assert [row for row in later if row[4] <= now] == at_the_hour


@settings(searched, max_examples=15)
@given(rules=rule_lists(), events=event_lists(), user=st.sampled_from(["u1", "u2"]))
def test_touched_users_get_what_everybody_read_anew_gives_them(walk_in_sql, rules, events, user):
    assume(any(event[2] == user for event in events))
    everybody = walk_in_sql(rules, events)
    touched = walk_in_sql(rules, events, touched=f"user_id = '{user}'")
    assert touched == [row for row in everybody if row[1] == user]


def test_a_long_history_of_one_user_agrees_too(walk_in_sql):
    moments = defaultdict(int)
    events = []
    for number in range(400):
        moments["now"] += (number * 7919) % 11 * HOUR // 60
        name = "b" if number % 37 == 0 else "a"
        events.append((NOW + moments["now"], f"e{number:03}", "u", name, "p", 1))
    rules = [
        rule(
            "counted",
            kind="count",
            event_name="a",
            match_count=5,
            within_hours=1,
            cooldown_hours=2,
        ),
        rule(
            "waited",
            kind="absence",
            event_name="a",
            then_not_event="b",
            wait_from="first",
            after_hours=1,
            cooldown_hours=3,
        ),
    ]
    rows = walk_in_sql(rules, events)
    assert {row[0] for row in rows} == {"counted", "waited"}
    assert {row[-1] for row in rows} == {True, False}
    assert rows == walk_event_by_event(rules, events)
