"""Each case of cases.json, put to each engine.

Another engine, in any language, is one command: ``KINDRED_TRIGGER_ENGINE='<command>' pytest
tests/triggers/test_cases.py``. The command gets one question as JSON on its standard input
(rules, events, as_of) and gives a JSON list of rows; docs/triggers.md says what they hold.
"""

import json
import os
import shlex
import subprocess
import sys
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
import walker

HERE = Path(__file__).parent
CASES = json.loads((HERE / "cases.json").read_text())
MOMENTS = ("fired_at", "window_started_at", "expires_at")
DEFAULTS = {"rule_id": "r", "key_kind": "none", "cooldown_hours": 0, "expires_hours": 1}


def by_command(command: str, rules, events, as_of):
    """Ask an engine that is a program."""
    asked = {"rules": rules, "events": events, "as_of": as_of}
    said = subprocess.run(
        shlex.split(command),
        input=json.dumps(asked, default=datetime.isoformat),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [
        row | {name: datetime.fromisoformat(row[name]) for name in MOMENTS}
        for row in json.loads(said)
    ]


COMMAND = os.environ.get("KINDRED_TRIGGER_ENGINE")


@pytest.fixture(params=["sql", "walker", *["command"] * bool(COMMAND)])
def walk(request, sql_engine):
    if request.param == "command":
        return partial(by_command, COMMAND)
    return {"sql": sql_engine.walk, "walker": walker.walk}[request.param]


def read(row):
    return row | {name: datetime.fromisoformat(row[name]) for name in MOMENTS if name in row}


def order(row):
    return (
        row["rule_id"],
        row["user_id"],
        row["key_value"] or "",
        row["fired_at"],
        row["event_id"],
    )


@pytest.mark.parametrize("case", CASES, ids=[case["sentence"] for case in CASES])
def test_case(walk, case):
    rules = [DEFAULTS | rule for rule in case["rules"]]
    events = [
        event | {"occurred_at": datetime.fromisoformat(event["occurred_at"])}
        for event in case["events"]
    ]
    for number, step in enumerate(case["steps"], 1):
        as_of = datetime.fromisoformat(step["as_of"])
        arrived = [
            event
            for event in events
            if event.get("arrives", 1) <= number and event["occurred_at"] <= as_of
        ]
        expected = [
            {"rule_id": "r", "user_id": "u", "key_value": None} | read(row) for row in step["rows"]
        ]
        expected.sort(key=order)
        found = sorted(walk(rules, arrived, as_of), key=order)
        # a case says what matters to it; of each row that and nothing less
        told = [
            {name: row.get(name) for name in wanted}
            for row, wanted in zip(found, expected, strict=False)
        ]
        assert told == expected
        assert len(found) == len(expected), found[len(expected) :]


def test_an_engine_may_be_a_program():
    case = CASES[0]
    command = shlex.join([sys.executable, str(HERE / "walker.py")])
    rules = [DEFAULTS | rule for rule in case["rules"]]
    as_of = datetime.fromisoformat(case["steps"][-1]["as_of"])
    events = [
        event | {"occurred_at": datetime.fromisoformat(event["occurred_at"])}
        for event in case["events"]
    ]
    rows = by_command(command, rules, case["events"], as_of)
    assert rows == walker.walk(rules, events, as_of) != []
