"""Bring back what is remembered, from the files that every run exports."""

from pathlib import Path

import duckdb

# export: the table it is a copy of
REMEMBERED = {
    "remembered_clock": ("intermediate", "int_time__resolved"),
    "remembered_models": ("segmentation", "seg_model_artifacts"),
    "remembered_changes": ("segmentation", "seg_segment_changes"),
    "remembered_audience_changes": ("segmentation", "seg_audience_changes"),
    "remembered_persona_changes": ("segmentation", "seg_persona_changes"),
}


class RestoringError(Exception):
    """There is nothing to restore, or something that would be lost; the message says what."""


def restore(home: Path, folder: Path) -> dict[str, int]:
    """Make the remembered tables of a build file from their exports in ``folder``.

    All of them or, when anything fails, none. Returns the rows of each table. Raises
    RestoringError when an export is missing or a table is there already.
    """
    build = home / "kindred_build.duckdb"
    missing = [name for name in REMEMBERED if not (folder / f"{name}.parquet").exists()]
    if missing:
        raise RestoringError(
            f"{folder} has no {missing[0]}.parquet. Name the folder that holds the exports of "
            "the last run with --from."
        )
    counts = {}
    with duckdb.connect(
        str(build), config={"storage_compatibility_version": "v1.2.0"}
    ) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.begin()
        for name, (schema, table) in REMEMBERED.items():
            found = connection.execute(
                "select count(*) from information_schema.tables "
                "where table_schema = ? and table_name = ?",
                [schema, table],
            ).fetchall()[0][0]
            if found:
                raise RestoringError(
                    f"{build} remembers already ({schema}.{table} is there), and would lose it. "
                    "Move the file away to begin with what was exported."
                )
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(
                f'create table "{schema}"."{table}" as select * from read_parquet(?)',
                [str(folder / f"{name}.parquet")],
            )
            counts[f"{schema}.{table}"] = connection.execute(
                f'select count(*) from "{schema}"."{table}"'
            ).fetchall()[0][0]
        connection.commit()
    return counts
