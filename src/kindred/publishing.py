"""The copy of the build file that people and BI tools read while the next build runs."""

import fcntl
import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import duckdb

_CHUNK = 1 << 20
# a database file is three headers, then blocks that begin with their checksum
_HEADERS = 3 * 4096
_CHECKSUM = 8
_SLOTS = (".slot-a", ".slot-b")


class PublishingError(Exception):
    """There is nothing to publish, or it cannot be read; the message says what to do."""


def publish(home: Path) -> Path:
    """Bring ``published/kindred.duckdb`` up to the build file, swapped in by rename.

    Two copies take turns: the one that was published before the last is brought up to date
    by the parts that differ and takes the name over. So little is written however large the
    file is, a reader that has a copy open keeps it unchanged, and a new one sees the new
    copy whole. A copy that a reader still holds is left to it, and a new one made. Returns
    the path. Raises PublishingError when there is no build file or another process is
    writing to it.
    """
    build = home / "kindred_build.duckdb"
    published = home / "published" / "kindred.duckdb"
    if not build.exists():
        raise PublishingError(
            f"{build} does not exist. Run `dbt build` first, or `make build` for all steps."
        )
    try:
        # what still lies in the write-ahead log belongs to the file that is copied
        with duckdb.connect(str(build)) as connection:
            connection.execute("checkpoint")
            block_size = connection.execute(
                "select block_size from pragma_database_size()"
            ).fetchall()[0][0]
    except duckdb.Error as error:
        raise PublishingError(
            f"{build} is in use ({str(error).splitlines()[0]}). Publish when the build has ended."
        ) from error
    published.parent.mkdir(parents=True, exist_ok=True)
    slots = [published.with_name(name) for name in _SLOTS]
    slot = next(one for one in slots if not _is_same_file(one, published))
    # while it is written to it has another name: one that is found was left half-written
    beside = slot.with_name(f"{slot.name}.tmp")
    if slot.exists() and not is_held(slot):
        slot.replace(beside)
        bring_up_to_date(build, beside, block_size)
    elif beside.exists() and not is_held(beside):
        bring_up_to_date(build, beside)
    else:
        beside.unlink(missing_ok=True)
        shutil.copyfile(build, beside)
    beside.replace(slot)
    link = published.with_name("kindred.duckdb.tmp")
    link.unlink(missing_ok=True)
    os.link(slot, link)
    link.replace(published)
    return published


def bring_up_to_date(source: Path, target: Path, block_size: int | None = None) -> int:
    """Write what differs from ``source`` into ``target``; how many bytes were written.

    ``target`` may be in any state, such as that of a run that was killed here. With the
    block size of a database file, and a ``target`` that is a whole one, only the checksum
    that each block begins with is compared, so that nothing else is read.
    """
    written = 0
    with source.open("rb") as wanted, target.open("r+b") as found:
        length = os.fstat(wanted.fileno()).st_size
        old_length = os.fstat(found.fileno()).st_size
        for place, size in _parts(length, block_size):
            compared = size if block_size is None or place < _HEADERS else _CHECKSUM
            if place + size <= old_length and os.pread(
                wanted.fileno(), compared, place
            ) == os.pread(found.fileno(), compared, place):
                continue
            written += os.pwrite(found.fileno(), os.pread(wanted.fileno(), size, place), place)
        found.truncate(length)
        os.fsync(found.fileno())
    return written


def _parts(length: int, block_size: int | None) -> Iterator[tuple[int, int]]:
    """Offset and size of the parts that a file is compared by."""
    begin = 0
    if block_size is not None:
        yield 0, min(_HEADERS, length)
        begin = _HEADERS
    size = block_size or _CHUNK
    for place in range(begin, length, size):
        yield place, min(size, length - place)


def is_held(path: Path) -> bool:
    """Tell whether a DuckDB reader has the file open; true where that cannot be told."""
    if not hasattr(fcntl, "F_OFD_SETLK"):
        return True
    wanted = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    with path.open("r+b") as file:
        try:
            # a lock of the open file, so that readers in this very process count as well
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
        except OSError:
            return True
    return False


def _is_same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
