"""The folders of the landing zone, each with an empty typed file to begin with."""

import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

import duckdb

from kindred.landing.contract import (
    BATCHES,
    ERASED,
    REJECTS,
    TABLES,
    Column,
    landed_columns,
)

FIRST_BATCH = 0


def batch_folder(folder: Path, batch: int) -> Path:
    """Where one batch of a table lies."""
    return folder / f"batch={batch:012d}"


def table_folders(landing: Path) -> dict[Path, tuple[Column, ...]]:
    """Every folder of the landing zone with the columns of its files."""
    folders = {landing / source / table: landed_columns(source, table) for source, table in TABLES}
    return {
        **folders,
        landing / "batches": BATCHES,
        landing / "rejects": REJECTS,
        landing / "erased": ERASED,
    }


def ensure_layout(landing: Path) -> None:
    """Make what is missing of the landing zone, so that an absent source is empty.

    Every table gets batch 0 with a parquet file of the right types and no rows. Safe to
    call at any time and from several processes: a folder appears whole or not at all.
    """
    missing = {
        folder: columns
        for folder, columns in table_folders(landing).items()
        if not batch_folder(folder, FIRST_BATCH).is_dir()
    }
    if not missing:
        return
    with duckdb.connect() as connection:
        for folder, columns in missing.items():
            connection.execute(f"create or replace table empty ({declared(columns)})")
            place(connection, "from empty", batch_folder(folder, FIRST_BATCH), landing)


def declared(columns: Iterable[Column]) -> str:
    """Column definitions of a table with these columns."""
    return ", ".join(f'"{column.name}" {column.type}' for column in columns)


def place(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, landing: Path) -> None:
    """Write a query's rows as ``rows.parquet`` into a folder that appears whole."""
    beside = landing / f".tmp-{uuid.uuid4().hex}"
    beside.mkdir(parents=True)
    write_parquet(connection, query, beside / "rows.parquet")
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.rename(folder)
    except OSError:
        # another process was faster; its folder is as good as ours
        shutil.rmtree(beside)
        if not folder.is_dir():
            raise


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write a query's rows to a parquet file, in their order; how many there were."""
    copied = connection.execute(
        f"copy ({query}) to {quoted(path)} (format parquet, compression zstd)"
    )
    return copied.fetchall()[0][0]


def quoted(text: object) -> str:
    """A text as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"
