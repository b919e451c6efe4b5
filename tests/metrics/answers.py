"""Common questions, asked of MetricFlow and of the marts by SQL: the answers must be the same.

Usage: answers.py, with KINDRED_HOME set to a home that was built, in an environment that has
`mf` beside this Python (`make metrics`). Exits with 1 when an answer differs.
"""

import csv
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import duckdb

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


class Question(NamedTuple):
    """What is asked, as metrics and groups and as SQL with the same columns in the same order."""

    sentence: str
    metrics: str
    groups: str
    sql: str


MONTHS = "date_trunc('month', {})"
ACTIVE = """
    select {by} as by, persona_id, count(distinct sessions.user_id) as active_users
    from marts.fct_sessions as sessions
    left join marts.fct_user_personas as personas on sessions.user_id = personas.user_id
    where is_counted group by all
"""
BOUGHT = """
    select {by} as by, persona_id, sum(reporting_revenue) as revenue,
        count(distinct case when is_purchase then orders.user_id end) as buyers
    from marts.fct_orders as orders
    left join marts.fct_user_personas as personas on orders.user_id = personas.user_id
    group by all
"""
QUESTIONS = [
    Question(
        "What is sold each month, by persona?",
        "revenue,orders,average_order_value",
        "metric_time__month,user__persona_id",
        f"""
        select {MONTHS.format("ordered_at")} as month, persona_id, sum(reporting_revenue),
            count(*) filter (is_purchase), sum(reporting_revenue) / count(*) filter (is_purchase)
        from marts.fct_orders as orders
        left join marts.fct_user_personas as personas on orders.user_id = personas.user_id
        group by all
        """,
    ),
    Question(
        "Which share of the active users buys each month, by persona, and for how much?",
        "conversion_rate,revenue_per_user",
        "metric_time__month,user__persona_id",
        f"""
        with active as ({ACTIVE.format(by=MONTHS.format("started_at"))}),
        bought as ({BOUGHT.format(by=MONTHS.format("ordered_at"))})
        select coalesce(active.by, bought.by), coalesce(active.persona_id, bought.persona_id),
            buyers / active_users, revenue / active_users
        from active full join bought
            on active.by = bought.by
            and active.persona_id is not distinct from bought.persona_id
        """,
    ),
    Question(
        "How engaged is each segment, week by week?",
        "active_users,engagement_per_user",
        "metric_time__week,user__segment_id",
        """
        select date_trunc('week', started_at), segment_id, count(distinct sessions.user_id),
            sum(engaged_seconds) / count(distinct sessions.user_id)
        from marts.fct_sessions as sessions
        left join marts.fct_user_personas as personas on sessions.user_id = personas.user_id
        where is_counted group by all
        """,
    ),
    Question(
        "Who is of which persona and segment now?",
        "users",
        "user__persona_id,user__segment_id",
        "select persona_id, segment_id, count(*) from marts.fct_user_personas group by all",
    ),
    Question(
        "How satisfied is each persona?",
        "satisfaction",
        "user__persona_id",
        """
        select persona_id, avg(satisfaction_score_cleaned)
        from marts.dim_users as users
        inner join marts.fct_user_personas as personas on users.user_id = personas.user_id
        group by all
        """,
    ),
    Question(
        "Which triggers fire, week by week?",
        "trigger_firings",
        "metric_time__week,firing__rule_id",
        """
        select date_trunc('week', fired_at), rule_id, count(*) filter (suppressed_reason is null)
        from marts.fct_trigger_firings group by all
        """,
    ),
    Question(
        "Where do sessions come from?",
        "sessions,active_users",
        "session__channel_group",
        """
        select channel_group, count(*), count(distinct user_id)
        from marts.fct_sessions where is_counted group by all
        """,
    ),
]


def ask(question: Question, folder: Path) -> list[list[str]]:
    """MetricFlow's rows, groups first; raises CalledProcessError when it cannot answer."""
    path = folder / "answer.csv"
    command = [str(BIN / "mf"), "query", "--metrics", question.metrics]
    command += ["--group-by", question.groups, "--csv", str(path)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
    with path.open() as file:
        return list(csv.reader(file))[1:]


def same(one: str, other: object) -> bool:
    """Whether a cell of a CSV says what SQL said."""
    if other is None or one == "":
        return other is None and one == ""
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-9)
    except (TypeError, ValueError):
        return one == str(other)


def key(row: list, size: int) -> tuple:
    """Groups of a row, for sorting."""
    return tuple("" if cell is None else str(cell) for cell in row[:size])


def main() -> int:
    """Ask every question twice; 1 when an answer differs."""
    folder = PROJECT / "target" / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["DBT_PROFILES_DIR"] = str(PROJECT)
    subprocess.run([str(BIN / "dbt"), "parse", "--quiet"], cwd=PROJECT, check=True)
    wrong = 0
    for question in QUESTIONS:
        answered = ask(question, folder)
        build = Path(os.environ["KINDRED_HOME"]) / "kindred_build.duckdb"
        with duckdb.connect(str(PROJECT / build), read_only=True) as connection:
            wanted = [list(row) for row in connection.execute(question.sql).fetchall()]
        size = len(question.groups.split(","))
        answered.sort(key=lambda row: key(row, size))
        wanted.sort(key=lambda row: key(row, size))
        agree = len(answered) == len(wanted) and all(
            all(map(same, one, other)) for one, other in zip(answered, wanted, strict=True)
        )
        wrong += not agree
        print(f"  {'same' if agree else 'DIFFERS':<8} {len(wanted):>5} rows  {question.sentence}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
