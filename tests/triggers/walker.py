"""A second engine for the cases: reads one event at a time, as docs/triggers.md says it.

Written from that page alone and for reading, not for speed. As a program it is also the
shape of an engine in any language: one case as JSON in, its rows as JSON out.
"""

import json
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

MICROSECOND = timedelta(microseconds=1)
NUMBERS = ("revenue", "quantity", "price")
BY_ITEM = ("product_id", "category", "quantity", "price")
EVIDENCE = 20

Row = dict[str, Any]


def walk(rules: list[Row], events: list[Row], as_of: datetime) -> list[Row]:
    """Give the candidates of all rules that fired, or stayed silent, up to ``as_of``.

    ``events`` are those that have arrived, in any order, with ``occurred_at`` as a moment.
    """
    rows = []
    for rule in rules:
        chains: dict[tuple[str, str], Chain] = {}
        for event in sorted(events, key=lambda one: (one["occurred_at"], one["event_id"])):
            if event.get("user_id") is None:
                continue
            for key, roles in roles_of(rule, event).items():
                chain = chains.setdefault((event["user_id"], key), Chain(rule))
                chain.see(event, roles)
        for (user_id, key), chain in chains.items():
            chain.pass_time(as_of + MICROSECOND)
            rows += [
                row | {"rule_id": rule["rule_id"], "user_id": user_id, "key_value": key or None}
                for row in chain.finish(as_of)
            ]
    return rows


def roles_of(rule: Row, event: Row) -> dict[str, dict[str, Decimal | None]]:
    """What the event is to the rule, for each key: role -> amount."""
    found: dict[str, dict[str, Decimal | None]] = defaultdict(dict)
    names = [("opens", rule["event_name"])]
    follow = (rule.get("then_event") or "").split(">")
    names += [(f"step {number}", name.strip()) for number, name in enumerate(follow, 2)]
    names += [("stops", rule.get("then_not_event")), ("ends", rule.get("ends_with_event"))]
    for role, name in names:
        if not name or name != event["event_name"]:
            continue
        opens = role == "opens"
        kind = rule.get("key_kind", "none")
        by_item = kind != "none" or (opens and rule.get("filter_column") in BY_ITEM)
        for part in (event.get("items") or [{}]) if by_item else [{}]:
            told = event | {k: v for k, v in part.items() if v is not None}
            key = "" if kind == "none" else told.get({"product": "product_id"}.get(kind, kind))
            if key is None or (opens and not passes(rule, told)):
                continue
            amount = None
            if opens and rule.get("sum_column") == "quantity":
                amount = (part if part else event).get("quantity")
                amount = Decimal(str(1 if amount is None else amount))
            elif opens and rule.get("sum_column") == "revenue":
                amount = (part if part else event).get("revenue")
                if amount is None:
                    continue
                amount = Decimal(str(amount))
            before = found[key].get(role)
            found[key][role] = amount if before is None else before + amount
    return found


def passes(rule: Row, told: Row) -> bool:
    """Whether the filter of the rule and all its conditions hold; an unknown fulfils none."""
    column, operator, wanted = (
        rule.get(name) for name in ("filter_column", "filter_operator", "filter_value")
    )
    asked = [(column, operator, wanted)] if column else []
    asked += [
        (f"properties.{one['property_name']}", one["operator"], one["value"])
        for one in rule.get("conditions", [])
    ]
    return all(holds(told, *one) for one in asked)


def holds(told: Row, column: str, operator: str, wanted: str) -> bool:
    """Whether one comparison holds for what an event, or its item, tells."""
    if column.startswith("properties."):
        value = (told.get("properties") or {}).get(column.removeprefix("properties."))
        as_number = operator not in ("=", "!=")
    else:
        value, as_number = told.get(column), column in NUMBERS
    if value is None:
        return False
    if as_number:
        try:
            value, wanted = float(value), float(wanted)
        except ValueError:
            return False
    else:
        value = str(value)
    return {
        "=": value == wanted,
        "!=": value != wanted,
        ">": value > wanted,
        ">=": value >= wanted,
        "<": value < wanted,
        "<=": value <= wanted,
    }[operator]


class Chain:
    """One rule, user and key; sees events in order and keeps only what it must."""

    def __init__(self, rule: Row) -> None:
        self.rule = rule
        self.matches: list[tuple[datetime, str, Decimal]] = []
        self.seen = 0
        self.first: datetime | None = None
        self.reached: dict[int, tuple[datetime, list[str]]] = {}
        self.wait: tuple[datetime, str] | None = None
        self.last_fired: datetime | None = None
        self.ends: list[datetime] = []
        self.rows: list[Row] = []

    def hours(self, name: str) -> timedelta:
        return timedelta(hours=float(self.rule.get(name) or 0))

    def pass_time(self, moment: datetime) -> None:
        """Let the timer go off that is due before ``moment``; its events come first."""
        if self.wait and self.wait[0] + self.hours("after_hours") < moment:
            started, event_id = self.wait
            self.wait = None
            due = started + self.hours("after_hours")
            self.offer(due, event_id, started, [event_id], 1)

    def see(self, event: Row, roles: dict[str, Decimal | None]) -> None:
        moment, event_id = event["occurred_at"], event["event_id"]
        self.pass_time(moment)
        if "ends" in roles:
            self.ends.append(moment)
        if self.rule["kind"] == "absence":
            if "stops" in roles:
                self.wait = None
            if "opens" in roles and (self.wait is None or self.rule["wait_from"] == "last"):
                self.wait = (moment, event_id)
        elif self.rule["kind"] == "sequence":
            self.step(moment, event_id, roles)
        elif "opens" in roles:
            self.count(moment, event_id, roles["opens"] or Decimal(0))

    def step(self, moment: datetime, event_id: str, roles: dict[str, Decimal | None]) -> None:
        last = 1 + len(self.rule["then_event"].split(">"))
        # the last step first: an event does not follow itself
        for number in range(last, 1, -1):
            if f"step {number}" in roles and number - 1 in self.reached:
                started, evidence = self.reached[number - 1]
                self.reached[number] = started, [*evidence, event_id]
                if number == last and started >= moment - self.hours("within_hours"):
                    self.offer(moment, event_id, started, [*evidence, event_id], last)
        if "opens" in roles:
            self.reached[1] = moment, [event_id]

    def count(self, moment: datetime, event_id: str, amount: Decimal) -> None:
        self.seen += 1
        self.first = self.first or moment
        needed = int(self.rule.get("match_count") or 1)
        if self.rule["kind"] == "nth":
            if self.seen == needed:
                self.offer(moment, event_id, self.first, [event_id], needed)
            return
        oldest = moment - self.hours("within_hours")
        self.matches = [match for match in self.matches if match[0] >= oldest]
        self.matches.append((moment, event_id, amount))
        names = [name for _, name, _ in self.matches][-EVIDENCE:]
        if self.rule["kind"] == "sum":
            enough = sum(one for *_, one in self.matches) >= Decimal(str(self.rule["at_least"]))
        else:
            enough, names = len(self.matches) >= needed, names[-needed:]
        if enough:
            self.offer(moment, event_id, self.matches[0][0], names, len(self.matches))

    def offer(self, moment, event_id, started, evidence, match_count) -> None:
        cooldown = self.hours("cooldown_hours")
        fires = self.last_fired is None or moment >= self.last_fired + cooldown
        if fires:
            self.last_fired = moment
        self.rows.append(
            {
                "event_id": event_id,
                "fired_at": moment,
                "window_started_at": started,
                "evidence": evidence,
                "match_count": match_count,
                "suppressed_reason": None if fires else "cooldown",
            }
        )

    def finish(self, as_of: datetime) -> list[Row]:
        """The rows with their ends, which may lie after what began them."""
        for row in self.rows:
            expires = row["fired_at"] + self.hours("expires_hours")
            early = [one for one in self.ends if row["fired_at"] < one < expires]
            row["expires_at"] = min([*early, expires])
            row["is_active"] = row["suppressed_reason"] is None and as_of < row["expires_at"]
        return self.rows


def main() -> None:
    """One question as JSON on the standard input; its rows on the standard output."""
    asked = json.load(sys.stdin)
    for event in asked["events"]:
        event["occurred_at"] = datetime.fromisoformat(event["occurred_at"])
    rows = walk(asked["rules"], asked["events"], datetime.fromisoformat(asked["as_of"]))
    json.dump(rows, sys.stdout, default=datetime.isoformat)


if __name__ == "__main__":
    main()
