"""The copy of the build file that people and BI tools read while the next build runs."""

import fcntl
import os
import shutil
import struct
from pathlib import Path

import duckdb

_CHUNK = 1 << 20
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
    except duckdb.Error as error:
        raise PublishingError(
            f"{build} is in use ({str(error).splitlines()[0]}). Publish when the build has ended."
        ) from error
    published.parent.mkdir(parents=True, exist_ok=True)
    slots = [published.with_name(name) for name in _SLOTS]
    slot = next(one for one in slots if not _is_same_file(one, published))
    if slot.exists() and not is_held(slot):
        bring_up_to_date(build, slot)
    else:
        beside = slot.with_name(f"{slot.name}.tmp")
        shutil.copyfile(build, beside)
        beside.replace(slot)
    link = published.with_name("kindred.duckdb.tmp")
    link.unlink(missing_ok=True)
    os.link(slot, link)
    link.replace(published)
    return published


def bring_up_to_date(source: Path, target: Path) -> int:
    """Write what differs from ``source`` into ``target``; how many bytes were written.

    ``target`` may be in any state, such as that of a run that was killed here.
    """
    written = 0
    with source.open("rb") as wanted, target.open("r+b") as found:
        place = 0
        while chunk := wanted.read(_CHUNK):
            found.seek(place)
            if found.read(len(chunk)) != chunk:
                found.seek(place)
                found.write(chunk)
                written += len(chunk)
            place += len(chunk)
        found.truncate(place)
        found.flush()
        os.fsync(found.fileno())
    return written


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
