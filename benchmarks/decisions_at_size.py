"""How long do decisions, exports and the lookup file take for so many users?

Usage: decisions_at_size.py --users N [--home FOLDER] [--memory 4GB] [--limit-gb 6]

A small sample is built into FOLDER; then the tables that decisions are made from are filled
with N made-up users (three in ten with an active trigger, half asked for consent, content
shown before to a third), and dbt makes decisions and exports of them, with their data tests.
Prints markdown: the seconds of each step, the most memory that each process held, and the
time of look-ups. Exits 1 when a process held more than the limit.
"""

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
MADE = (
    *("seg_experiments__assigned", "seg_users__limited", "seg_users__shadowed"),
    *("seg_users__situated", "seg_situations__decided", "fct_decisions", "seg_audience_changes"),
    *("exp_decisions", "exp_identifiers", "exp_audience_changes"),
    *("exp_remembered_audience_changes", "exp_users", "exp_trigger_firings"),
)
LOOK_UPS = 20_000
AS_OF = "timestamp '2026-03-05 12:00:00'"
PERSONAS = (
    *("cart_abandoners", "lapsing_customers", "deal_seekers", "premium_buyers"),
    *("frequent_buyers", "window_shoppers", "new_visitors", "everyone_else"),
)
RULES = ("cart_abandoned", "repeated_product_view", "lapsed_buyer", "first_purchase")
VARIANTS = ("hero_viewed_product", "hero_window", "banner_reminder", "letter_cart")


def _one_of(values: tuple[str, ...], number: str) -> str:
    return f"{list(values)}[cast(1 + ({number}) % {len(values)} as bigint)]"


def made_up(users: int) -> dict[str, tuple[str, dict[str, str]]]:
    """Tables by name: a query of numbers, and the columns that are not null."""
    everybody = f"range({users})"
    user = "md5('anonymous|d' || range)"
    margin = "(hash(range, 'margin') % 1000) / 1000.0"
    granted = f"{['granted', 'denied', 'unknown']}[cast(1 + hash(range, 'yes') % 3 as bigint)]"
    moment = f"{AS_OF} - to_hours(cast(hash(range, '{{}}') % {{}} as bigint))"
    persona = _one_of(PERSONAS, "hash(range, 'persona')")
    segment = "'segment_00' || (1 + hash(range, 'segment') % 6)"
    placed = {"user_id": user, "segment_id": segment, "margin": margin, "as_of": AS_OF}
    return {
        "int_time__resolved": ("range(1)", {"clock": "1", "as_of": AS_OF, "run_number": "1"}),
        "seg_users__assigned": (everybody, {**placed, "method": "'cluster'"}),
        "fct_user_segments": (everybody, {**placed, "method": "'cluster'"}),
        "seg_personas__matched": (
            everybody,
            {
                "user_id": user,
                "persona_id": persona,
                "rule_id": "'a_rule'",
                "source": _one_of(("cluster", "trigger", "cold_start"), "range"),
                "match_rank": "1",
                "as_of": AS_OF,
            },
        ),
        "fct_user_personas": (
            everybody,
            {"user_id": user, "persona_id": persona, "rule_id": "'a_rule'", "source": "'cluster'"},
        ),
        "int_users__consented": (
            f"range(0, {users}, 2)",
            {"user_id": user, "analytics_consent": granted, "marketing_consent": granted},
        ),
        "dim_users": (
            everybody,
            {
                "user_id": user,
                "kind": "'anonymous'",
                "analytics_consent": f"case when range % 2 = 0 then {granted} else 'unknown' end",
                "marketing_consent": f"case when range % 2 = 0 then {granted} else 'unknown' end",
            },
        ),
        "int_identities__resolved": (
            # three in ten have a login beside their device
            f"range({users + 3 * users // 10})",
            {
                "identifier_kind": f"case when range < {users} then 'anonymous' else 'login' end",
                "identifier_value": f"case when range < {users} then 'd' || range "
                f"else 'l' || range end",
                "identifier_key": "cast(cast('0x' || left(md5(case when "
                f"range < {users} then 'anonymous|d' || range else 'login|l' || range end), 16) "
                "as ubigint) // 2 as bigint)",
                "user_id": f"md5('anonymous|d' || (range % {users}))",
                "first_seen_at": moment.format("seen", 1000),
                "is_suspect": "false",
            },
        ),
        "int_identities__erased": ("range(0)", {}),
        "int_triggers__walked": (
            f"range({3 * users // 10})",
            {
                "firing_id": "md5('' || range)",
                "rule_id": _one_of(RULES, "hash(range, 'rule')"),
                "user_id": f"md5('anonymous|d' || (hash(range, 'who') % {users}))",
                "key_value": "'p' || hash(range, 'key') % 1000",
                "match_count": "1",
                "fired_at": moment.format("fired", 24),
                "window_started_at": AS_OF,
                "expires_at": f"{AS_OF} + to_hours(cast(1 + hash(range, 'ends') % 72 as bigint))",
            },
        ),
        "int_decisions__collected": (
            f"range({users // 3})",
            {
                "decision_id": "md5('' || range)",
                "user_id": f"md5('anonymous|d' || (hash(range, 'shown') % {users}))",
                "variant_id": _one_of(VARIANTS, "hash(range, 'variant')"),
                "is_holdout": "range % 20 = 0",
                "served_at": moment.format("served", 168),
            },
        ),
    }


def fill(build: Path, users: int) -> None:
    """Put made-up rows in the place of those of the sample."""
    with duckdb.connect(str(build)) as connection:
        connection.execute("set preserve_insertion_order = false; set memory_limit = '4GB'")
        for table, (numbers, values) in made_up(users).items():
            schema = connection.execute(
                "select table_schema from information_schema.tables where table_name = ? ",
                [table],
            ).fetchall()[0][0]
            columns = connection.execute(f'describe "{schema}"."{table}"').fetchall()
            listed = ", ".join(
                f'cast({values.get(name, "null")} as {kind}) as "{name}"'
                for name, kind, *_ in columns
            )
            connection.execute(
                f'create or replace table "{schema}"."{table}" as select {listed} from {numbers}'
            )
        connection.execute("delete from segmentation.seg_audience_changes")


def run(home: Path, memory: str, *command: str) -> tuple[float, float]:
    """Seconds and most memory (GB) of a command; stops with its words when it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=PROJECT,
            env={**os.environ, "KINDRED_HOME": str(home), "KINDRED_MEMORY_LIMIT": memory},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            said.seek(0)
            sys.exit(f"{' '.join(command)}: {said.read()[-6000:]}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024**2


def look_up(file: Path, users: int) -> list[float]:
    """Milliseconds of each of many look-ups of chosen users, as an API would do them."""
    chance = random.Random(1)
    with duckdb.connect() as connection:
        wanted = [
            row[0]
            for row in connection.execute(
                "select md5('anonymous|d' || n) from (select unnest(?) as n)",
                [[chance.randrange(users) for _ in range(LOOK_UPS)]],
            ).fetchall()
        ]
    api = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    taken = []
    for user in wanted:
        began = time.perf_counter()
        api.execute("select answer from decisions where user_id = ?", [user]).fetchall()
        taken.append(1000 * (time.perf_counter() - began))
    api.close()
    return sorted(taken)


def main() -> None:
    """Build, fill, decide, export, publish, look up; print a section of results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, default=PROJECT / "target" / "decisions_at_size")
    parser.add_argument("--memory", default="4GB", help="limit of DuckDB")
    parser.add_argument("--limit-gb", type=float, default=6, help="limit of any process")
    options = parser.parse_args()
    home, memory = options.home.resolve(), options.memory
    if not (home / "kindred_build.duckdb").exists():
        run(home, memory, "kindred", "sample", "--people", "300")
        run(home, memory, "kindred", "land")
        run(home, memory, "dbt", "build", "--quiet", "--exclude", "test_type:unit")
    fill(home / "kindred_build.duckdb", options.users)
    target = home / "target"
    seconds, dbt_peak = run(
        *(home, memory, "dbt", "build", "--quiet", "--target-path", str(target)),
        *("--exclude", "test_type:unit", "--select", *MADE),
    )
    results = json.loads((target / "run_results.json").read_text())["results"]
    print(f"\n## {options.users:,} users, memory limit {memory}\n")
    print("| step | seconds |\n|---|---|")
    for one in results:
        print(f"| {one['unique_id'].split('.')[2]} | {one['execution_time']:.1f} |")
    print(f"| all of `dbt build` | {seconds:.1f} |")
    published, publish_peak = run(home, memory, "kindred", "publish")
    print(f"| `kindred publish`, with lookup and lines | {published:.1f} |")
    file = home / "published" / "current" / "decisions.sqlite"
    taken = look_up(file, options.users)
    print(f"\n`peak_gb` dbt {dbt_peak:.2f}, publish {publish_peak:.2f}")
    print(f"`lookup_mb` {file.stat().st_size / 1e6:.0f}")
    median, late, slowest = taken[len(taken) // 2], taken[len(taken) * 99 // 100], taken[-1]
    print(f"`look_up_ms` median {median:.4f}, 99 % {late:.4f}, slowest {slowest:.3f}")
    if max(dbt_peak, publish_peak) > options.limit_gb:
        sys.exit(f"a process held more than {options.limit_gb:.1f} GB")


if __name__ == "__main__":
    main()
