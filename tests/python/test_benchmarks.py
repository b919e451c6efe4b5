"""The scripts that Kindred is measured beside do the same work."""

import sys
from pathlib import Path

import duckdb

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import article_pandas  # noqa: E402
import bare_duckdb  # noqa: E402
from measure import make_events  # noqa: E402


def test_events_are_the_same_every_time_and_hold_late_and_repeated_ones(tmp_path):
    for name in ("one", "other"):
        make_events(tmp_path / f"{name}.parquet", 200, 90)
    with duckdb.connect() as connection:
        one, other = (f"read_parquet('{tmp_path}/{name}.parquet')" for name in ("one", "other"))
        assert connection.execute(
            f"select count(*) from (from {one} except all from {other})"
        ).fetchall() == [(0,)]
        rows, events, late = connection.execute(
            "select count(*), count(distinct event_id), "
            f"count(*) filter (loaded_at - occurred_at > interval 1 day) from {one}"
        ).fetchall()[0]
    assert 1.005 < rows / events < 1.015
    assert 0.005 < late / rows < 0.015


def test_the_bare_script_and_the_pandas_script_agree(tmp_path):
    make_events(tmp_path / "events.parquet", 300, 90)
    with duckdb.connect() as connection:
        for name, query in bare_duckdb.TABLES.items():
            text = query.format(events=tmp_path / "events.parquet")
            connection.execute(f"create table {name} as {text}")
        counts = tuple(
            connection.execute(f"select count(*) from {name}").fetchall()[0][0]
            for name in ("viewed_three_times", "abandoned_carts")
        )
        features = connection.execute(
            "select sessions, events, purchases, carts, views, revenue::double as revenue,"
            " recency::double as recency from features order by user_id"
        ).df()
    events, sessions = article_pandas.sessions_of(str(tmp_path / "events.parquet"))
    assert article_pandas.triggers_of(events, sessions) == counts
    found = article_pandas.features_of(sessions).sort_index()
    for column in ("sessions", "events", "purchases", "carts", "views", "revenue"):
        assert (
            found[column].astype(float).to_numpy() - features[column].astype(float)
        ).abs().max() < 1e-6
