"""One run of a home at a time, so that a schedule may overlap; and what a run builds."""

import fcntl
import gc
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

# what views and seeds are made of
_CODE = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds")
# where the code that the build file was made by is told: the one table that no run makes anew
_BUILT_BY = ("intermediate", "int_batches__read")
# what the engine and dbt say where a stored table lacks a column, or has one too many
_OTHER_COLUMNS = ("Binder Error", "out of sync")


class BuildError(Exception):
    """dbt could not begin; the message says why."""


def run_alone(home: Path, command: list[str]) -> int:
    """Run a command while nothing else runs alone in ``home``; its exit code.

    As ``do_alone``. Raises ValueError without a command.
    """
    if not command:
        raise ValueError("say what to run: kindred alone -- <command>")
    return do_alone(home, lambda: subprocess.run(command, check=False).returncode)


def do_alone(home: Path, work: Callable[[], int]) -> int:
    """Call ``work`` while nothing else runs alone in ``home``; what it returns.

    Where something does, it says so and returns 0: what this run would have read, the
    next one reads. The lock goes with the process, so a run that was killed holds none.
    """
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
        return work()


def selector_due(home: Path, project: Path) -> str:
    """Which selector of ``selectors.yml`` the next build has to take.

    ``weekly`` for a build file that holds no marts, a new one or one that begins anew after
    an erasure, and where the code or a seed is not what the file was last built by: the hour
    leaves views and seeds as they are. Else ``hourly``. Raises duckdb.Error while another
    process writes to the file.
    """
    build = home / "kindred_build.duckdb"
    if not build.exists():
        return "weekly"
    with duckdb.connect(str(build), read_only=True) as connection:
        is_known = connection.execute(
            "select bool_or(schema_name = 'marts') and bool_or("
            "schema_name = ? and table_name = ? and comment = ?) from duckdb_tables()",
            [*_BUILT_BY, code_fingerprint(project)],
        ).fetchall()[0][0]
    return "hourly" if is_known else "weekly"


def code_fingerprint(project: Path) -> str:
    """Hash of all that views and seeds are made of: files of the project, and where data lies."""
    told = hashlib.sha256()
    # not set is the default that profiles.yml names
    home = os.environ.get("KINDRED_HOME") or "data"
    landing = os.environ.get("KINDRED_LANDING") or f"{home}/landing"
    told.update(f"{home}\n{landing}\n".encode())
    for name in _CODE:
        found = project / name
        files = sorted(found.rglob("*")) if found.is_dir() else [found]
        for path in files:
            if path.is_file():
                content = path.read_bytes()
                told.update(f"{path.relative_to(project)} {len(content)}\n".encode() + content)
    return f"built by {told.hexdigest()}"


def build(
    home: Path,
    project: Path,
    selector: str | None = None,
    once_built: Callable[[], object] = lambda: None,
) -> int:
    """Run ``dbt build`` of a selector, by default of the one that is due; its exit code.

    It runs in this process, and an hour does not write out the project again, of which nothing
    changed: ``target/manifest.json`` is that of the last weekly build. An hour takes first what
    most time hung on in the run before. ``once_built`` is called when everything is built and no
    test failed, before what was changed is written through to the build file. Raises BuildError
    when dbt could not begin, and duckdb.Error while another process writes to the build file.
    """
    selector = selector or selector_due(home, project)
    # what is changed while dbt works may come too late for it
    fingerprint = code_fingerprint(project)
    # what dbt is and what it reads of the project stays to the end; its plugin turns this on again
    gc.disable()
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    from kindred.dbt_hooks import SparingEventManager, longest_path_first, seconds_of_last_run

    ctx_set_event_manager(SparingEventManager())

    words = ["--quiet", "build", "--selector", selector]
    words += ["--project-dir", str(project), "--profiles-dir", str(project)]
    target = project / os.environ.get("DBT_TARGET_PATH", "target")
    if selector == "hourly":
        words.append("--no-write-json")
        with longest_path_first(seconds_of_last_run(target)):
            done = dbtRunner().invoke(words)
        if done.result:
            done.result.write(str(target / "run_results.json"))
    else:
        done = dbtRunner().invoke(words)
    if done.success:
        once_built()
    else:
        _advise(done.result or [])
    # dbt keeps the file open for as long as its process lives
    DuckDBConnectionManager.close_all_connections()
    gc.enable()
    if done.exception:
        raise BuildError(str(done.exception))
    if done.success and selector == "weekly":
        with duckdb.connect(str(home / "kindred_build.duckdb")) as connection:
            connection.execute(f"comment on table {'.'.join(_BUILT_BY)} is '{fingerprint}'")
    return 0 if done.success else 1


def _advise(results: Iterable[Any]) -> None:
    """Say what to do where a table that runs add to does not have the columns of today's code."""
    names = [
        one.node.name
        for one in results
        if one.status == "error"
        and one.node.config.materialized == "incremental"
        and any(words in (one.message or "") for words in _OTHER_COLUMNS)
    ]
    if names:
        print(
            f"{', '.join(names)}: if the build file was made by earlier code (CHANGELOG.md names "
            "the tables that changed), make them anew from what was landed: "
            f"dbt build --full-refresh --select {' '.join(f'{name}+' for name in names)}",
            file=sys.stderr,
        )
