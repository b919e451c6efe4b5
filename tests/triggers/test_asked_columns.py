"""Of millions of events only the columns are read that a rule looks into."""

from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def matched(tmp_path, monkeypatch):
    """What is compiled of int_triggers__matched once a rule was changed."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("KINDRED_HOME", str(tmp_path / "home"))

    def dbt(*words):
        folders = ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
        done = dbtRunner().invoke(["--quiet", *words, *folders])
        DuckDBConnectionManager.close_all_connections()
        assert done.success, done.exception

    dbt("seed", "--select", "trigger_rules", "trigger_conditions")
    dbt("run", "--select", "int_triggers__ruled")

    def compiled(change):
        with duckdb.connect(str(tmp_path / "home" / "kindred_build.duckdb")) as connection:
            connection.execute("update seeds.trigger_rules set filter_column = null")
            connection.execute(change)
        dbt("compile", "--select", "int_triggers__matched")
        folder = tmp_path / "target" / "compiled" / "kindred" / "models" / "intermediate"
        return (folder / "int_triggers__matched.sql").read_text()

    return compiled


def test_only_columns_that_a_rule_looks_into_are_read(matched):
    text = matched("select 1")
    assert "events.properties" not in text
    assert "events.utm_source" not in text
    assert "events.product_id" in text
    assert "events.category" not in text
    assert "events.session_key" not in text
    text = matched("update seeds.trigger_rules set key_kind = 'category'")
    assert "events.product_id" not in text
    assert "when 'category' then coalesce(items.category, events.category)" in text
    text = matched("update seeds.trigger_rules set filter_column = 'channel_group'")
    assert "on events.session_key = sessions.session_key" in text
    text = matched("update seeds.trigger_rules set filter_column = 'utm_source'")
    assert "when 'utm_source' then events.utm_source" in text
    assert "events.utm_medium" not in text
    text = matched(
        "insert into seeds.trigger_conditions values ('big_spender', 'size', '=', 'L', null)"
    )
    assert "events.properties" in text
