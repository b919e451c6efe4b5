"""The models of triggers as an engine: what dbt compiled, over tables that a test fills."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[2]
MODELS = [
    "int_triggers__ruled",
    "int_triggers__matched",
    "int_triggers__counted",
    "int_triggers__sequenced",
    "int_triggers__waited",
    "int_triggers__walked",
    "fct_trigger_firings",
]
INPUTS = {
    "trigger_rules": (
        "rule_id varchar, trigger_name varchar, kind varchar, event_name varchar,"
        " filter_column varchar, filter_operator varchar, filter_value varchar,"
        " key_kind varchar, match_count bigint, sum_column varchar, at_least decimal(18, 4),"
        " within_hours decimal(18, 6), then_event varchar, then_not_event varchar,"
        " wait_from varchar, after_hours decimal(18, 6), ends_with_event varchar,"
        " cooldown_hours decimal(18, 6), expires_hours decimal(18, 6), persona_id varchar,"
        " action varchar"
    ),
    "trigger_conditions": (
        "rule_id varchar, property_name varchar, operator varchar, value varchar"
    ),
    "int_events__counted": (
        "row_key bigint, event_key ubigint, user_id varchar, user_key bigint,"
        " identifier_key bigint, session_key bigint, event_name varchar, occurred_at timestamp,"
        " source varchar, device varchar, country varchar, page varchar, page_host varchar,"
        " referrer_host varchar, utm_source varchar, utm_medium varchar, utm_campaign varchar,"
        " properties varchar, product_id varchar, category varchar, currency varchar,"
        " revenue decimal(18, 4), quantity decimal(18, 4), price decimal(18, 4)"
    ),
    "int_events__unfolded": (
        "row_key bigint, product_id varchar, category varchar,"
        " quantity decimal(18, 4), price decimal(18, 4), revenue decimal(18, 4)"
    ),
    "int_identities__resolved": "identifier_key bigint, user_key bigint",
    "int_triggers__touched": (
        "user_key bigint, user_id varchar, rules_hash varchar, is_everybody boolean,"
        " run_number bigint"
    ),
    "int_sessions__attributed": "session_key bigint, channel_group varchar",
    "int_currency_rates__dated": (
        "from_currency varchar, rate decimal(18, 8), valid_from timestamp, valid_to timestamp"
    ),
    "int_time__resolved": "as_of timestamp",
}
Row = dict[str, Any]


class SqlEngine:
    """Runs the models over rules and events; needs a folder for what dbt compiles."""

    def __init__(self, target: Path):
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
        self.connection = duckdb.connect()
        self.connection.execute("set threads = 1; set timezone = 'UTC'")
        for table, columns in INPUTS.items():
            self.connection.execute(f"create table {table} ({columns})")
        for model in MODELS:
            text = Path(PROJECT, named[model]["compiled_path"]).read_text()
            for name in [*INPUTS, *MODELS]:
                text = text.replace(named[name]["relation_name"], name)
            self.connection.execute(f"create view {model} as {text}")

    def walk(
        self,
        rules: list[Row],
        events: list[Row],
        as_of: datetime,
        *,
        only_user: str | None = None,
    ) -> list[Row]:
        """The candidates up to ``as_of``, as the walker gives them."""
        for table in INPUTS:
            self.connection.execute(f"delete from {table}")
        self.connection.execute("insert into int_time__resolved values (?)", [as_of])
        self.connection.execute(
            "insert into int_currency_rates__dated values ('USD', 1, timestamp '1900-01-01', null)"
        )
        for rule in rules:
            told = {k: v for k, v in rule.items() if k != "conditions"}
            self._insert("trigger_rules", {"key_kind": "none", **told})
            for condition in rule.get("conditions", []):
                told = {"rule_id": rule["rule_id"]} | condition
                self._insert("trigger_conditions", told)
        # numbers that sort as the ids do
        ids = sorted({one["event_id"] for one in events})
        users = sorted({one["user_id"] for one in events if one.get("user_id")})
        for event in events:
            told = {k: v for k, v in event.items() if k not in ("event_id", "items", "arrives")}
            key = ids.index(event["event_id"])
            user = users.index(event["user_id"]) if event.get("user_id") else None
            properties = event.get("properties")
            self._insert(
                "int_events__counted",
                {
                    **told,
                    "row_key": key,
                    "event_key": key,
                    "user_key": user,
                    "identifier_key": user,
                    "currency": "USD",
                    "properties": json.dumps(properties) if properties else None,
                },
            )
            for item in event.get("items", []):
                self._insert("int_events__unfolded", {"row_key": key, **item})
        for number, user in enumerate(users):
            self._insert("int_identities__resolved", {"identifier_key": number, "user_key": number})
            if only_user in (None, user):
                touched = {"user_key": number, "user_id": user, "rules_hash": ""}
                self._insert(
                    "int_triggers__touched", touched | {"is_everybody": True, "run_number": 1}
                )
        found = self.connection.execute(
            "select firings.*, walked.event_id from fct_trigger_firings as firings"
            " inner join int_triggers__walked as walked using (firing_id)"
        )
        columns = [column[0] for column in found.description]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
        for row in rows:
            row["event_id"] = ids[int(row["event_id"], 16)]
            row["evidence"] = [ids[int(one, 16)] for one in json.loads(row["evidence_event_ids"])]
        return rows

    def _insert(self, table: str, row: Row) -> None:
        self.connection.execute(
            f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})",
            list(row.values()),
        )
