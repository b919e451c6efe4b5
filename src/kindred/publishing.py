"""The copy of the build file that people and BI tools read while the next build runs."""

import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

_CHUNK = 1 << 20
# so much is written before the disk is waited for
_PIECE = 64 << 20
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
    wanted = block_checksums(build, block_size)
    slots = [published.with_name(name) for name in _SLOTS]
    slot = next(one for one in slots if not _is_same_file(one, published))
    # while it is written to it has another name: one that is found was left half-written
    beside = slot.with_name(f"{slot.name}.tmp")
    if slot.exists() and not is_held(slot):
        found = _kept_checksums(slot) or block_checksums(slot, block_size)
        _path_of_checksums(slot).unlink(missing_ok=True)
        slot.replace(beside)
        bring_up_to_date(build, beside, _changed_blocks(wanted, found, block_size))
    else:
        if beside.exists() and is_held(beside):
            beside.unlink()
        beside.touch()
        bring_up_to_date(build, beside)
    beside.replace(slot)
    _keep_checksums(slot, wanted)
    link = published.with_name("kindred.duckdb.tmp")
    link.unlink(missing_ok=True)
    os.link(slot, link)
    link.replace(published)
    return published


def bring_up_to_date(
    source: Path, target: Path, parts: Iterable[tuple[int, int]] | None = None
) -> int:
    """Write what differs from ``source`` into ``target``; how many bytes were written.

    ``target`` may be in any state, such as that of a run that was killed here: all of both is
    read. ``parts``, as offset and size, are those that are known to differ: nothing else is read.
    What is written is on the disk when this returns, and does not stay in memory: a copy as large
    as the file would drive out what the next run reads.
    """
    written = waiting = 0
    with source.open("rb") as wanted, target.open("r+b") as found:
        length = os.fstat(wanted.fileno()).st_size
        is_known = parts is not None
        if not is_known:
            parts = ((place, _CHUNK) for place in range(0, length, _CHUNK))
        for place, size in parts:
            content = os.pread(wanted.fileno(), size, place)
            if is_known or content != os.pread(found.fileno(), len(content), place):
                size = os.pwrite(found.fileno(), content, place)
                written, waiting = written + size, waiting + size
            if waiting >= _PIECE:
                _let_go(found.fileno())
                waiting = 0
        found.truncate(length)
        _let_go(found.fileno())
    return written


def _let_go(file: int) -> None:
    """Wait until what was written to a file is on the disk, and take it out of memory."""
    os.fsync(file)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)


def block_checksums(path: Path, block_size: int) -> bytes:
    """The checksums of a database file's blocks, one after the other, 8 bytes each."""
    with path.open("rb") as file:
        places = range(_HEADERS, os.fstat(file.fileno()).st_size, block_size)
        if hasattr(os, "posix_fadvise"):
            # they lie far apart: asked for one by one, a disk would be waited for each time
            for place in places:
                os.posix_fadvise(file.fileno(), place, _CHECKSUM, os.POSIX_FADV_WILLNEED)
        return b"".join(os.pread(file.fileno(), _CHECKSUM, place) for place in places)


def _changed_blocks(wanted: bytes, found: bytes, block_size: int) -> Iterator[tuple[int, int]]:
    """Offset and size of the headers and of the blocks whose checksums are not the same."""
    yield 0, _HEADERS
    for number, place in enumerate(range(0, len(wanted), _CHECKSUM)):
        if wanted[place : place + _CHECKSUM] != found[place : place + _CHECKSUM]:
            yield _HEADERS + number * block_size, block_size


def _keep_checksums(slot: Path, checksums: bytes) -> None:
    """Write beside a copy what its blocks are told by, so that it need not be read for them."""
    kept = _path_of_checksums(slot)
    beside = kept.with_name(f"{kept.name}.tmp")
    beside.write_bytes(_state_of(slot) + checksums)
    beside.replace(kept)


def _kept_checksums(slot: Path) -> bytes | None:
    """What was kept of just this state of a copy, or nothing."""
    kept, state = _path_of_checksums(slot), _state_of(slot)
    content = kept.read_bytes() if kept.exists() else b""
    return content.removeprefix(state) if content.startswith(state) else None


def _path_of_checksums(slot: Path) -> Path:
    return slot.with_name(f"{slot.name}.checksums")


def _state_of(path: Path) -> bytes:
    """Which file it is, its size and time: it was not written to while they are the same."""
    told = path.stat()
    return struct.pack("QQQ", told.st_ino, told.st_size, told.st_mtime_ns)


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
