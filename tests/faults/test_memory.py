"""Given the same memory everything that hangs on it is the same, however its rows arrived."""

import random
import shutil

import duckdb
import pytest

from kindred.restoring import REMEMBERED, RestoringError, restore

SEEN = [
    *("fct_user_segments", "fct_user_segment_periods", "fct_segment_changes", "dim_segments"),
    *("fct_user_personas", "fct_user_persona_matches", "fct_user_persona_periods"),
    *("fct_decisions", "fct_experiment_assignments", "fct_experiment_results"),
]


def contents(build):
    """Every remembered table, and the marts that hang on them, as sorted rows."""
    tables = [f"{schema}.{table}" for schema, table in REMEMBERED.values()]
    with duckdb.connect(str(build), read_only=True) as connection:
        return {
            table: [
                # a sum of floats follows the order of its rows in the last digit
                tuple(round(value, 9) if isinstance(value, float) else value for value in row)
                for row in connection.execute(f"select * from {table} order by all").fetchall()
            ]
            for table in [*tables, *(f"marts.{name}" for name in SEEN)]
        }


def test_personas_decisions_and_experiments_hang_on_rows_and_memory_alone(warehouse, tmp_path):
    warehouse.start_over()
    parts = warehouse.split(2)
    for rows in parts:
        warehouse.land(rows)
        warehouse.dbt("run")
    before = contents(warehouse.build)
    assert len(before["segmentation.seg_segment_changes"]) > 100
    assert all(before.values())

    warehouse.dbt("run", "--full-refresh")
    assert contents(warehouse.build) == before

    exports = tmp_path / "exports"
    shutil.copytree(warehouse.home / "exports", exports)
    with pytest.raises(RestoringError, match="remembers already"):
        restore(warehouse.home, exports)
    # a new home, in which the same rows come in another order
    warehouse.empty()
    for rows in warehouse.split(2, chance=random.Random(7)):
        warehouse.land(rows)
    counts = restore(warehouse.home, exports)
    assert counts["segmentation.seg_segment_changes"] == len(
        before["segmentation.seg_segment_changes"]
    )
    warehouse.dbt("seed")
    warehouse.dbt("run")
    after = contents(warehouse.build)
    for table in before:
        if table != "intermediate.int_time__resolved":  # a new file counts its runs anew
            assert after[table] == before[table], table


def test_a_missing_export_is_named(tmp_path):
    with pytest.raises(RestoringError, match="no remembered_clock"):
        restore(tmp_path, tmp_path)
