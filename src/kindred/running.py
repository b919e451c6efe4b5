"""One run of a home at a time, so that a schedule may overlap."""

import fcntl
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb


def run_alone(home: Path, command: list[str]) -> int:
    """Run a command while no other one runs alone in ``home``; its exit code.

    Where another one does, it says so and returns 0: what this run would have read, the
    next one reads. The lock goes with the process, so a run that was killed holds none.
    Raises ValueError without a command.
    """
    if not command:
        raise ValueError("say what to run: kindred alone -- <command>")
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".running").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(
                f"{home} is being worked on ({lock.read().strip() or 'just begun'}). Nothing "
                "is lost: what arrived meanwhile is taken by the next run.",
                file=sys.stderr,
            )
            return 0
        lock.truncate(0)
        lock.write(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n")
        lock.flush()
        return subprocess.run(command, check=False).returncode


def selector_due(home: Path) -> str:
    """Which selector of ``selectors.yml`` the next build has to take.

    ``weekly`` for a build file that holds no marts, a new one or one that begins anew after
    an erasure; else ``hourly``. Raises duckdb.Error while another process writes to it.
    """
    build = home / "kindred_build.duckdb"
    if not build.exists():
        return "weekly"
    with duckdb.connect(str(build), read_only=True) as connection:
        marts = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'marts'"
        ).fetchall()[0][0]
    return "hourly" if marts else "weekly"
