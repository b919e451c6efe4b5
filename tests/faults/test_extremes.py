"""Rows that a shop sees once a year: each is counted by its outcome, and none stops the build."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from kindred.landing import land

PROJECT = Path(__file__).parents[2]
BOT_EVENTS, DEVICES = 1_000_000, 10_000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The marts of a home with one bot, one login on many devices and some odd rows."""
    home = tmp_path_factory.mktemp("extremes")
    inbox = home / "inbox" / "web" / "events"
    inbox.mkdir(parents=True)
    columns = "event_id, anonymous_id, login, name, sent_at, received_at, price, revenue"
    moment = "timestamp '2026-03-01'"
    rows = {
        "bot": f"""select 'bot-' || i, 'bot', null, 'page_view', {moment} + to_milliseconds(i * 50),
            {moment} + interval 1 day, null, null from range({BOT_EVENTS}) r(i)""",
        "shared": f"""select 'shared-' || i, 'device-' || i, 'guest', 'page_view',
            {moment} + to_seconds(i), {moment} + interval 1 day, null, null
            from range({DEVICES}) r(i)""",
        "odd": f"""values
            ('future', 'clock', null, 'page_view', timestamp '2099-01-01',
                {moment}, null, null),
            ('unset', 'clock', null, 'page_view', timestamp '1970-01-01',
                {moment}, null, null),
            ('negative', 'odd', null, 'purchase', {moment}, {moment}, -5, -5),
            ('nobody', null, null, 'page_view', {moment}, {moment}, null, null)""",
    }
    with duckdb.connect() as connection:
        for name, query in rows.items():
            connection.execute(
                f"copy (select * from ({query}) as t({columns})) "
                f"to '{inbox / name}.parquet' (format parquet)"
            )
    land(home, report=lambda line: None)
    finished = subprocess.run(
        [
            str(Path(sys.executable).parent / "dbt"),
            *("build", "--quiet", "--resource-type", "seed", "--resource-type", "model"),
            *("--select", "+fct_row_outcomes", "+dim_identities", "+fct_events", "+fct_orders"),
            *("--target-path", str(home / "target"), "--log-path", str(home / "logs")),
        ],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "KINDRED_HOME": str(home), "HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-2000:]
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as connection:
        yield connection


def test_every_row_is_counted_under_its_outcome(built):
    found = built.execute(
        "select outcome, sum(row_count)::bigint from marts.fct_row_outcomes group by 1"
    ).fetchall()
    assert dict(found) == {
        "bot_behaviour": BOT_EVENTS,
        "kept": DEVICES + 1,
        "impossible_time": 2,
        "no_id": 1,
    }


def test_a_bot_of_a_million_events_is_nobodys(built):
    assert built.execute(
        "select count(*) from marts.fct_events where anonymous_id = 'bot'"
    ).fetchall() == [(0,)]


def test_a_login_that_ten_thousand_devices_share_is_one_user_with_all_of_them(built):
    assert built.execute(
        "select count(distinct user_id), count(distinct anonymous_id) from marts.fct_events "
        "where login = 'guest'"
    ).fetchall() == [(1, DEVICES)]


def test_a_negative_price_stays_what_it_is(built):
    assert built.execute(
        "select price, revenue from marts.fct_events where anonymous_id = 'odd'"
    ).fetchall() == [(-5, -5)]
