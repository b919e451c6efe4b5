"""The copy of the build file that people and BI tools read while the next build runs."""

import os
import shutil
from pathlib import Path

import duckdb


class PublishingError(Exception):
    """There is nothing to publish, or it cannot be read; the message says what to do."""


def publish(home: Path) -> Path:
    """Copy the build file to ``published/kindred.duckdb`` and swap it in by rename.

    A reader that has the old copy open keeps it; a new one sees the new copy whole.
    Returns the path of the copy. Raises PublishingError when there is no build file or
    another process is writing to it.
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
    beside = published.with_name("kindred.duckdb.tmp")
    shutil.copyfile(build, beside)
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(published)
    return published
