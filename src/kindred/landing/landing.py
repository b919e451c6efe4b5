"""Read each file of the inbox once and write typed parquet, one batch a file.

A batch exists with the last of three renames, that of its row in the ledger: a build reads
no batch that the ledger does not name. A run that dies before it leaves nothing but folders
that the next run takes away.
"""

import fcntl
import gzip
import json
import shutil
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path

import duckdb

from kindred.landing import reading
from kindred.landing.contract import BATCHES, REJECTS, TABLES, Column, landed_columns
from kindred.landing.inspection import Inspection, inspect, sha256_of
from kindred.landing.layout import (
    FIRST_BATCH,
    batch_folder,
    declared,
    ensure_layout,
    quoted,
    write_parquet,
)

SAMPLE_MARKER = ".sample"
SAMPLE_SALT = "kindred-sample"
_JSON = (".json", ".jsonl", ".ndjson")
_ENDINGS = (*_JSON, ".csv", ".parquet")
_SEEN = ".seen.json"
# what was written this short a time ago may be written again and bear the same time
_UNSETTLED_NANOSECONDS = 2_000_000_000


# of a file's content; a full disk, memory or a missing salt are matters for a person
_CONTENT_ERRORS = (
    duckdb.BinderException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.InvalidTypeException,
    duckdb.NotImplementedException,
    duckdb.OutOfRangeException,
    duckdb.ParserException,
    duckdb.SyntaxException,
)


class LandingError(Exception):
    """Landing cannot go on; the message names the file and the remedy."""


@dataclass
class FileReport:
    """What became of one file."""

    source_file: str
    batch: int
    rows_in: int = 0
    rows_landed: int = 0
    rejects: Counter = field(default_factory=Counter)

    @property
    def rows_rejected(self) -> int:
        """Records that could not be parsed."""
        return self.rows_in - self.rows_landed

    def __str__(self) -> str:
        """One line for a person."""
        line = f"{self.source_file}: {self.rows_landed:,} rows landed"
        if self.rejects:
            reasons = ", ".join(
                f"{reason} {count:,}" for reason, count in sorted(self.rejects.items())
            )
            line += f", {self.rows_rejected:,} rejected ({reasons})"
        return line


def land(
    home: Path,
    landing: Path | None = None,
    *,
    salt: str | None = None,
    now: datetime | None = None,
    report=lambda line: print(line, file=sys.stderr, flush=True),
) -> list[FileReport]:
    """Land every file of ``home``'s inbox that was not landed before.

    ``salt`` is needed as soon as a file holds an e-mail address or phone number in
    clear. ``now`` (UTC) stamps records that bring no ``loaded_at`` of their own.
    ``report`` gets one line a file. Raises LandingError for a folder or file that is no
    part of the contract, a missing salt, an unreadable file, or a full disk.
    """
    inbox = home / "inbox"
    landing = landing or home / "landing"
    if salt is None and (inbox / SAMPLE_MARKER).exists():
        salt = SAMPLE_SALT
    moment = (now or datetime.now(UTC)).replace(tzinfo=None)
    ensure_layout(landing)
    reports = []
    with _locked(landing), _engine(landing, salt) as connection:
        _clear_leftovers(landing)
        known = _landed_hashes(landing)
        batch = _last_batch(landing)
        seen, still_there = _seen(landing), {}
        for path, source, table in _files(inbox):
            name, began = str(path.relative_to(inbox)), time.time_ns()
            try:
                stamp = _stamp(path)
                if seen.get(name, {}).get("stamp") == stamp and seen[name]["sha256"] in known:
                    still_there[name] = seen[name]
                    continue
                sha256 = sha256_of(path)
                if stamp["modified"] < began - _UNSETTLED_NANOSECONDS:
                    still_there[name] = {"stamp": stamp, "sha256": sha256}
                if sha256 in known:
                    continue
                found = inspect(path, sha256, is_text=_ending(path) != ".parquet")
            except OSError as error:
                raise LandingError(
                    f"{path} cannot be read ({error.strerror}). Make it readable or move "
                    "it out of the inbox, then run `kindred land` again."
                ) from error
            batch += 1
            reports.append(
                _land_file(
                    connection,
                    path,
                    (source, table),
                    found,
                    home,
                    landing,
                    batch,
                    moment,
                )
            )
            known.add(found.sha256)
            report(str(reports[-1]))
        if still_there != seen:
            _remember_seen(landing, still_there)
    landed = sum(one.rows_landed for one in reports)
    rejected = sum(one.rows_rejected for one in reports)
    report(
        f"{len(reports):,} new files, {landed:,} rows landed, {rejected:,} rejected"
        + (f"; reasons in {landing / 'rejects'}" if rejected else "")
    )
    return reports


# --- the inbox -----------------------------------------------------------------------


def _ending(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _files(inbox: Path) -> Iterator[tuple[Path, str, str]]:
    if not inbox.is_dir():
        return
    tables = ", ".join("/".join(key) for key in TABLES)
    for path in sorted(inbox.rglob("*")):
        inside = path.relative_to(inbox)
        if path.is_dir() or any(part.startswith(".") for part in inside.parts):
            continue
        key = inside.parts[:2]
        if len(inside.parts) < 3 or key not in TABLES:
            raise LandingError(
                f"{path} lies in no table's folder. Files belong in inbox/<source>/<table>/, "
                f"one of: {tables}. Move it there or out of the inbox."
            )
        if _ending(path) not in _ENDINGS:
            raise LandingError(
                f"{path} has an ending that cannot be landed. Allowed are "
                f"{', '.join(_ENDINGS)}, each plain or with .gz. Convert it or move it out."
            )
        yield path, *key


def _stamp(path: Path) -> dict[str, int]:
    status = path.stat()
    return {"size": status.st_size, "modified": status.st_mtime_ns, "inode": status.st_ino}


def _seen(landing: Path) -> dict[str, dict]:
    """Files as the last run found them, so that an hour does not read a year's again."""
    path = landing / _SEEN
    return json.loads(path.read_text()) if path.exists() else {}


def _remember_seen(landing: Path, seen: dict[str, dict]) -> None:
    beside = landing / f"{_SEEN}.tmp"
    beside.write_text(json.dumps(seen))
    beside.replace(landing / _SEEN)


# --- the landing zone ----------------------------------------------------------------


@contextmanager
def _locked(landing: Path) -> Iterator[None]:
    with (landing / ".lock").open("w") as lock:
        # batches are numbered one after the other, so one run lands at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _batches(folder: Path) -> set[int]:
    return {int(one.name.removeprefix("batch=")) for one in folder.glob("batch=*")}


def _data_batches(landing: Path) -> set[int]:
    return set().union(*(_batches(landing / source / table) for source, table in TABLES))


def _clear_leftovers(landing: Path) -> None:
    for beside in landing.glob(".tmp-*"):
        shutil.rmtree(beside)
    committed = _batches(landing / "batches") | {FIRST_BATCH}
    for side in (landing / "rejects", *(landing / source / table for source, table in TABLES)):
        for batch in _batches(side) - committed:
            shutil.rmtree(batch_folder(side, batch))


def _landed_hashes(landing: Path) -> set[str]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct file_sha256 from read_parquet(?)",
            [str(landing / "batches" / "*" / "*.parquet")],
        ).fetchall()
    return {row[0] for row in rows}


def _last_batch(landing: Path) -> int:
    return max(_data_batches(landing) | _batches(landing / "batches"))


# --- one file ------------------------------------------------------------------------


def _land_file(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    key: tuple[str, str],
    found: Inspection,
    home: Path,
    landing: Path,
    batch: int,
    moment: datetime,
) -> FileReport:
    source, table = key
    source_file = path.relative_to(home / "inbox").as_posix()
    result = FileReport(source_file, batch)
    work = landing / f".tmp-{uuid.uuid4().hex}"
    for part in ("data", "rejects", "batches"):
        (work / part).mkdir(parents=True)
    rejected: list[tuple[int | None, str, str | None]] = []
    stamp = moment.isoformat(sep=" ")
    try:
        if found.problem:
            rejected.append((None, found.problem, found.sha256))
            result.rows_in = 1
        is_empty = path.stat().st_size == 0 or (_ending(path) != ".parquet" and not found.first)
        if found.problem or is_empty:
            _write_list(connection, landed_columns(source, table), [], work / "data")
        else:
            try:
                result.rows_landed, rejected = _write_rows(
                    connection, path, key, found, source_file, stamp, work
                )
                result.rows_in = result.rows_landed + len(rejected)
            except _CONTENT_ERRORS as error:
                # what the file holds cannot be read at all; the others are landed all the same
                reason = f"unreadable_file:{type(error).__name__}"
                rejected = [(None, reason, found.sha256)]
                result.rows_in, result.rows_landed = 1, 0
                _write_list(connection, landed_columns(source, table), [], work / "data")
        result.rejects = Counter(reason for _, reason, _ in rejected)
        _write_list(
            connection,
            REJECTS,
            [(stamp, source, table, source_file, *one) for one in rejected],
            work / "rejects",
        )
        counts = (result.rows_in, result.rows_landed, result.rows_rejected)
        _write_list(
            connection,
            BATCHES,
            [(source, table, source_file, found.sha256, *counts, stamp)],
            work / "batches",
        )
    except (duckdb.Error, OSError) as error:
        shutil.rmtree(work, ignore_errors=True)
        raise LandingError(
            f"{path} could not be landed: {str(error).splitlines()[0]}. Nothing of it was "
            "kept; mend the cause or move the file out of the inbox and run again."
        ) from error
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    (work / "rejects").rename(batch_folder(landing / "rejects", batch))
    (work / "data").rename(batch_folder(landing / source / table, batch))
    (work / "batches").rename(batch_folder(landing / "batches", batch))
    shutil.rmtree(work)
    return result


@contextmanager
def _engine(landing: Path, salt: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"set temp_directory = {quoted(landing / '.tmp-spill')}")
        connection.execute("create temp table salting (salt varchar)")
        connection.execute("insert into salting values (?)", [salt])
        yield connection


def _write_rows(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    key: tuple[str, str],
    found: Inspection,
    source_file: str,
    stamp: str,
    work: Path,
) -> tuple[int, list[tuple[int | None, str, str | None]]]:
    """Write the data file; how many rows it has, and what was rejected."""
    columns = TABLES[key]
    readable = _readable(path, found, work)
    ending = _ending(path)
    if ending in _JSON:
        fields = reading.json_fields(
            readable, columns, is_array=found.first == "[", line=found.longest_line
        )
    elif ending == ".csv":
        connection.execute("drop table if exists csv_errors; drop table if exists csv_scans")
        reader = reading.csv_reader(readable, reading.separator_of(_header(readable)))
        present = reading.columns_of(connection, reader)
        fields = reading.flat_fields(reader, present, columns)
    elif any(column.is_nested for column in columns):
        fields = reading.nested_parquet_fields(readable, columns)
    else:
        reader = f"read_parquet({quoted(readable)})"
        present = reading.columns_of(connection, reader)
        fields = reading.flat_fields(reader, present, columns)
    rows = reading.typed_rows(
        fields,
        reading.columns_of(connection, f"({fields})"),
        columns,
        source_file=source_file,
        loaded_at=stamp,
        is_intraday="intraday" in path.name.lower(),
    )
    staged = work / "staged.parquet"
    write_parquet(connection, rows, staged)
    everything = f"read_parquet({quoted(staged)})"
    faults = connection.execute(
        "select source_line, reject_reason, payload_hash "
        f"from {everything} where reject_reason is not null order by source_line"
    ).fetchall()
    clear = connection.execute(
        f"select source_line from {everything}, salting where needs_salt and salt is null limit 1"
    ).fetchall()
    if clear:
        raise LandingError(
            f"{path} holds an e-mail address or phone number in clear (record "
            f"{clear[0][0]}), and KINDRED_SALT is not set. Set it to a long secret text, "
            "keep it (another salt makes other hashes), and run `kindred land` again."
        )
    kept = ", ".join(f'"{column.name}"' for column in landed_columns(*key))
    landed = write_parquet(
        connection,
        f"select {kept} from {everything} where reject_reason is null",
        work / "data" / "rows.parquet",
    )
    if ending in _JSON and found.first != "[" and landed + len(faults) != found.line_count:
        raise duckdb.InvalidInputException("not every line of it was read")
    broken = {line for line, reason, _ in faults if reason == "broken_json"}
    hashes = _line_hashes(readable, broken) if broken else {}
    faults = [(line, reason, hashes.get(line, of)) for line, reason, of in faults]
    if ending == ".csv":
        faults += connection.execute(
            "select line, 'bad_csv:' || lower(replace(min(error_type::varchar), ' ', '_')), "
            "md5(min(csv_line)) from csv_errors group by line order by line"
        ).fetchall()
    return landed, faults


def _readable(path: Path, found: Inspection, work: Path) -> Path:
    """The file itself, or a copy that the engine reads better."""
    is_packed_parquet = _ending(path) == ".parquet" and path.suffix == ".gz"
    # the engine passes over a broken last line in silence when it has no end
    has_open_end = found.ends_open and _ending(path) in _JSON
    if not (found.has_byte_order_mark or is_packed_parquet or has_open_end):
        # a name with stars or brackets would be read as a pattern
        link = work / f"content{_ending(path)}{'.gz' if path.suffix == '.gz' else ''}"
        link.symlink_to(path.resolve())
        return link
    copy = work / f"content{_ending(path)}"
    with _opened(path) as content, copy.open("wb") as plain:
        if found.has_byte_order_mark:
            content.read(3)
        shutil.copyfileobj(content, plain)
        if has_open_end:
            plain.write(b"\n")
    return copy


def _opened(path: Path):
    opened = gzip.open if path.suffix == ".gz" else open
    return opened(path, "rb")


def _header(path: Path) -> str:
    with _opened(path) as content:
        return content.readline().decode("utf-8", "replace")


def _line_hashes(path: Path, numbers: set[int]) -> dict[int, str]:
    hashes, number = {}, 0
    with _opened(path) as content:
        for line in content:
            if not line.strip():
                continue
            number += 1
            if number in numbers:
                hashes[number] = md5(line.strip()).hexdigest()
    return hashes


def _write_list(
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[Column, ...],
    rows: list[tuple],
    folder: Path,
) -> None:
    connection.execute(f"create or replace temp table listed ({declared(columns)})")
    if rows:
        places = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into listed values ({places})", rows)
    write_parquet(connection, "from listed", folder / "rows.parquet")
