"""Exports and published copy of one moment, in a folder that readers get by one rename."""

import json
import os
import shutil
from pathlib import Path

import duckdb

from kindred.erasing import MARK
from kindred.serving.lookup import DECISIONS, IDENTIFIERS, write_lines, write_lookup

CURRENT = "current"
_FOLDER = "releases"
_MEMORY = "remembered_"


def gather(home: Path, memory_limit: str | None = None) -> Path:
    """Put what the next release shows of the exports into a folder beside the releases.

    It has links to the files that the build has written, so nothing is copied, and
    ``decisions.sqlite`` and ``decisions.ndjson`` that are made from them. ``memory_limit`` is
    DuckDB's, such as 4GB. Returns the folder. Raises OSError when the disk is full.
    """
    work = home / "published" / _FOLDER / ".tmp"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for export in sorted((home / "exports").glob("*.parquet")):
        # the memory is kept to be restored, of all users whatever they permitted
        if not export.name.startswith(_MEMORY):
            os.link(export, work / export.name)
    # a build of chosen models alone may have left them out
    if (work / DECISIONS).exists() and (work / IDENTIFIERS).exists():
        # after an erasure nothing is gone on with
        before = None if (home / "published" / MARK).exists() else home / "published" / CURRENT
        write_lookup(work, before, memory_limit)
        write_lines(work / DECISIONS, work / "decisions.ndjson")
    return work


def release(home: Path, work: Path) -> Path:
    """Make ``published/current`` show what was gathered and the published copy as it is now.

    ``manifest.json`` is written last, and the folder takes the name over by one rename: whoever
    resolves ``published/current`` once reads one moment across all files. The release before
    stays until the next one is made. Returns the folder.
    """
    published = home / "published"
    os.link(published / "kindred.duckdb", work / "kindred.duckdb")
    number = max((_number(one) for one in _releases(home)), default=0) + 1
    _write_manifest(work, number, home / "exports" / f"{_MEMORY}clock.parquet")
    made = published / _FOLDER / f"{number:06d}"
    work.rename(made)
    link = published / f"{CURRENT}.tmp"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(_FOLDER) / made.name)
    link.replace(published / CURRENT)
    return made


def forget_old(home: Path) -> None:
    """Remove every release but the current one, and keep that one as it is.

    To be called before the published copy is made: the copy is written into the file that
    was published before the last, which an old release still shows.
    """
    published = home / "published"
    current = published / CURRENT
    kept = current.resolve() if current.is_symlink() else None
    for one in _releases(home):
        if one.resolve() != kept:
            shutil.rmtree(one)
    if kept is None:
        return
    shown = kept / "kindred.duckdb"
    if not shown.samefile(published / "kindred.duckdb"):
        # a copy was published and its release broken off: the next copy must not be written
        # into the file that the current release shows
        for slot in published.glob(".slot-?"):
            if slot.samefile(shown):
                slot.unlink()


def _releases(home: Path) -> list[Path]:
    folder = home / "published" / _FOLDER
    return [one for one in folder.glob("*") if one.name.isdigit()] if folder.is_dir() else []


def _number(folder: Path) -> int:
    return int(folder.name)


def _write_manifest(folder: Path, number: int, clock: Path) -> None:
    files = {one.name: {"bytes": one.stat().st_size} for one in sorted(folder.iterdir())}
    with duckdb.connect() as connection:
        for name, told in files.items():
            if name.endswith(".parquet"):
                told["rows"] = connection.execute(
                    "select num_rows from parquet_file_metadata(?)", [str(folder / name)]
                ).fetchall()[0][0]
        as_of = (
            connection.execute("select max(as_of) from read_parquet(?)", [str(clock)]).fetchall()[
                0
            ][0]
            if clock.exists()
            else None
        )
    told = {"release": number, "as_of": as_of and f"{as_of.isoformat()}Z", "files": files}
    (folder / "manifest.json").write_text(json.dumps(told, indent=2) + "\n")
