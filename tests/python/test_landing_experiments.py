"""Exposures as outside tools write them, through the door and no other."""

from datetime import datetime

import duckdb
import pytest

from kindred.landing import land

NOW = datetime(2026, 3, 1, 12)
SHOWN = datetime(2026, 2, 3, 9, 15, 0, 250_000)
# milliseconds since 1970, as the export has it
SHOWN_MILLISECONDS = 1_770_110_100_250


@pytest.fixture
def landed(tmp_path):
    """Return a function that lands what is in the inbox and reads a table of it back."""

    def read(table, columns):
        land(tmp_path, salt="a test's salt", now=NOW, report=lambda said: None)
        with duckdb.connect() as connection:
            return connection.execute(
                f"select {columns} from read_parquet(?) order by source_file, source_line",
                [str(tmp_path / "landing" / table / "*" / "*.parquet")],
            ).fetchall()

    return read


def folder(tmp_path, table):
    path = tmp_path / "inbox" / table
    path.mkdir(parents=True)
    return path


def test_decisions_of_optimizely_land_as_its_export_writes_them(tmp_path, landed):
    file = folder(tmp_path, "optimizely/decisions") / "part-00000.snappy.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select 'u-1' as uuid, {SHOWN_MILLISECONDS}::bigint as "timestamp",
                    {SHOWN_MILLISECONDS}::bigint as process_timestamp, 'oeu1' as visitor_id,
                    '' as session_id, '1001' as account_id, '2001' as campaign_id,
                    '3001' as experiment_id, '4001' as variation_id,
                    [{{'id': '7', 'name': 'plan', 'type': 'custom', 'value': 'plus'}}]
                        as attributes,
                    '203.0.113.0' as user_ip, 'Mozilla/5.0' as user_agent, '' as referer,
                    false as is_holdback, '12' as revision, 'js' as client_engine,
                    '0.188' as client_version
                union all by name
                select 'u-2' as uuid, {SHOWN_MILLISECONDS}::bigint as "timestamp",
                    'oeu2' as visitor_id, '3001' as experiment_id, '4002' as variation_id,
                    true as is_holdback
            ) to '{file}' (format parquet, compression snappy)
            """
        )
    columns = "uuid, visitor_id, campaign_id, experiment_id, variation_id, is_holdback, exposed_at"
    assert landed("optimizely/decisions", columns) == [
        ("u-1", "oeu1", "2001", "3001", "4001", False, SHOWN),
        ("u-2", "oeu2", None, "3001", "4002", True, SHOWN),
    ]


def test_exposures_of_growthbook_land_as_its_callback_and_its_query_name_them(tmp_path, landed):
    inbox = folder(tmp_path, "growthbook/exposures")
    # the table that its assignment query reads
    (inbox / "experiment_viewed.csv").write_text(
        "timestamp,user_id,anonymous_id,experiment_id,variation_id\n"
        "2026-02-03 09:15:00.250,ada,a-1,checkout,1\n"
    )
    # the properties that its tracking callback sends
    (inbox / "tracked.jsonl").write_text(
        '{"received_at":"2026-02-03T09:15:00.250Z","anonymous_id":"a-2",'
        '"experimentId":"checkout","variationId":"0"}\n'
        '{"received_at":"2026-02-03T09:15:00.250Z","user_id":"bob@mail.example",'
        '"experimentId":"checkout","variantId":"control"}\n'
    )
    columns = "login, anonymous_id, experiment_id, variation_id, exposed_at"
    rows = landed("growthbook/exposures", columns)
    assert rows[:2] == [
        ("ada", "a-1", "checkout", "1", SHOWN),
        (None, "a-2", "checkout", "0", SHOWN),
    ]
    # a login that is an address is told from others by its hash alone
    assert rows[2][1:] == (None, "checkout", "control", SHOWN)
    assert len(rows[2][0]) == 64


def test_an_exposure_without_a_readable_time_is_rejected(tmp_path, landed):
    inbox = folder(tmp_path, "growthbook/exposures")
    (inbox / "bad.csv").write_text(
        "timestamp,user_id,experiment_id,variation_id\nyesterday,ada,checkout,1\n"
    )
    assert landed("growthbook/exposures", "login") == []
    assert landed("rejects", "source, source_table, source_line, reason") == [
        ("growthbook", "exposures", 1, "bad_value:exposed_at")
    ]
