"""Kindred beside the bare script and the pandas script, on the same events in the same run.

Usage: measure.py [--events 1000000] [--folder target/bench] [--skip-pandas] [--skip-growth]

Prints raw seconds, then one line each: full_vs_bare, hour_vs_bare, dbt_seconds, hour_growth,
peak_gb; and adds them to results.md. What each means stands in README.md.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
PROJECT = HERE.parent
BIN = Path(sys.executable).parent
FULL = ["kindred", "build", "weekly"]
HOUR = ["kindred", "run"]
# of the database; a process holds a little more
MEMORY_LIMIT = "5GB"
# hours by loaded_at with all their kinds: on time, a day late, told again
FIRST_HOUR, MEASURED = 11, 3
# a history is measured at most twice, each time after an hour that is not counted
HOURS = 2 * (1 + MEASURED)


class Runner:
    """Runs steps; keeps what the last one said and the most memory any process held."""

    peak_gb = 0.0
    said = ""

    def run(self, name: str, command: list[str], *, home: Path | None = None) -> float:
        """Run one step to its end; its seconds. Exits with its output when it fails."""
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        if home:
            environment |= {
                "KINDRED_HOME": str(home),
                "KINDRED_MEMORY_LIMIT": MEMORY_LIMIT,
                "DBT_TARGET_PATH": str(home / "target"),
                "DBT_LOG_PATH": str(home / "logs"),
            }
        executable = BIN / command[0]
        command = [str(executable) if executable.exists() else command[0], *command[1:]]
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        watch = threading.Thread(target=self._watch, args=(process, bool(home)))
        watch.start()
        self.said = process.communicate()[0].decode()
        seconds = time.perf_counter() - began
        watch.join()
        if process.returncode:
            print(self.said[-4000:])
            sys.exit(f"{name} failed with {process.returncode}")
        print(f"  {name:<28} {seconds:8.1f} s", flush=True)
        return seconds

    def _watch(self, process: subprocess.Popen, is_ours: bool) -> None:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None and is_ours:
            try:
                text = status.read_text()
            except OSError:
                break
            if "VmHWM" in text:
                kilobytes = int(text.split("VmHWM:")[1].split()[0])
                self.peak_gb = max(self.peak_gb, kilobytes / 1e6)
            time.sleep(0.1)


def make_events(path: Path, users: int, days: int) -> None:
    """Write the events of so many users and days, once."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for name, value in (("n_users", users), ("n_days", days), ("out", f"'{path}.tmp'")):
            connection.execute(f"set variable {name} = {value}")
        connection.execute((HERE / "events.sql").read_text())
    path.with_name(path.name + ".tmp").rename(path)


def split(path: Path, home: Path) -> int:
    """Put the history into the home's inbox, a file a week, and the hours beside; its rows."""
    inbox = home / "inbox" / "web" / "events"
    inbox.mkdir(parents=True)
    begins = [f"timestamp '2026-10-31 {FIRST_HOUR + number}:00:00'" for number in range(HOURS + 1)]
    with duckdb.connect() as connection:
        events = f"read_parquet('{path}')"
        history = f"from {events} where loaded_at < {begins[0]}"
        weeks = connection.execute(
            f"select distinct date_trunc('week', loaded_at) {history} order by 1"
        ).fetchall()
        for (week,) in weeks:
            connection.execute(
                # bounds, and not the week of each row: the other parts of the file are passed over
                f"copy ({history} and loaded_at >= timestamp '{week}' "
                f"and loaded_at < timestamp '{week}' + interval 7 day) "
                f"to '{inbox}/week_{week:%Y%m%d}.parquet' (format parquet)"
            )
        connection.execute(f"copy ({history}) to '{home}/history.parquet' (format parquet)")
        for number, (begin, end) in enumerate(pairwise(begins)):
            connection.execute(
                f"copy (from {events} where loaded_at >= {begin} and loaded_at < {end}) "
                f"to '{home}/hour_{number}.parquet' (format parquet)"
            )
        return connection.execute(f"select count(*) {history}").fetchall()[0][0]


def database_seconds(home: Path) -> float:
    """Seconds in which at least one model or test was executed, of the last dbt run."""
    results = json.loads((home / "target" / "run_results.json").read_text())["results"]
    spans = sorted(
        (one["started_at"], one["completed_at"])
        for result in results
        for one in result["timing"]
        if one["name"] == "execute" and one["completed_at"]
    )
    total, until = 0.0, ""
    for started, completed in spans:
        if completed > until:
            first = _moment(max(started, until))
            total += (_moment(completed) - first).total_seconds()
            until = completed
    return total


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def first_build(runner: Runner, events: Path, home: Path) -> dict[str, float]:
    """Land, build and publish the history from nothing, and an hour; seconds of each."""
    shutil.rmtree(home, ignore_errors=True)
    rows = split(events, home)
    print(f"  history {rows:,} rows", flush=True)
    seconds = {"rows": rows}
    seconds["land"] = runner.run("land history", ["kindred", "land"], home=home)
    seconds["build"] = runner.run("build everything", FULL, home=home)
    seconds["publish"] = runner.run("publish", ["kindred", "publish"], home=home)
    seconds["full"] = seconds["build"] + seconds["publish"]
    # an hour comes after an hour, and not after a build of everything: two published copies take
    # turns, and this one makes the second whole, as the first was
    seconds["hour before"] = next_hour(runner, home)["hour"]
    return seconds


def next_hour(runner: Runner, home: Path) -> dict[str, float]:
    """Run the home's next hour; seconds of all of it and of its steps, and its rows."""
    hour = min(home.glob("hour_*.parquet"))
    with duckdb.connect() as connection:
        rows = connection.execute(f"select count(*) from read_parquet('{hour}')").fetchall()[0][0]
    hour.rename(home / "inbox" / "web" / "events" / hour.name)
    seconds = {"hour_rows": rows, "hour": runner.run("an hour", HOUR, home=home)}
    for step in ("land", "build", "publish"):
        said = re.search(rf"^{step}: ([\d.]+) s$", runner.said, re.MULTILINE)
        seconds[f"hour_{step}"] = float(said[1])
    return seconds | {"dbt": seconds["hour_build"] - database_seconds(home)}


def middle_hour(hours: list[dict[str, float]]) -> dict[str, float]:
    """The hour of the median length, and how long each was."""
    middle = sorted(hours, key=lambda one: one["hour"])[len(hours) // 2]
    return middle | {f"hour {number}": one["hour"] for number, one in enumerate(hours, 1)}


def held(runner: Runner, home: Path) -> dict[str, float]:
    """The most memory of a process since this was last asked, and the size of the build file."""
    peak_gb, runner.peak_gb = runner.peak_gb, 0.0
    return {"peak_gb": peak_gb, "file_gb": (home / "kindred_build.duckdb").stat().st_size / 1e9}


def main() -> None:
    """Measure, print and add to the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=PROJECT / "target" / "bench")
    parser.add_argument("--skip-pandas", action="store_true")
    parser.add_argument("--skip-growth", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    users = max(options.events // 48, 100)
    runner = Runner()
    events = folder / f"events_{users}_90.parquet"
    print(f"{options.events:,} events, {users:,} users", flush=True)
    make_events(events, users, 90)
    home = folder / "home"
    ours = first_build(runner, events, home)
    ours |= middle_hour([next_hour(runner, home) for _ in range(MEASURED)])
    ours |= held(runner, home)
    history = home / "history.parquet"
    bare = []
    for _ in range(2):
        (folder / "scratch.duckdb").unlink(missing_ok=True)
        bare.append(
            runner.run(
                "bare script",
                [
                    "python",
                    str(HERE / "bare_duckdb.py"),
                    str(history),
                    str(folder / "scratch.duckdb"),
                ],
            )
        )
    raw = {"bare script": min(bare)}
    if not options.skip_pandas:
        raw["pandas script"] = runner.run(
            "pandas script", ["python", str(HERE / "article_pandas.py"), str(history)]
        )
    values = {
        "full_vs_bare": ours["full"] / min(bare),
        "hour_vs_bare": ours["hour"] / min(bare),
        "dbt_seconds": ours["dbt"],
    }
    if not options.skip_growth:
        long = folder / f"events_{users}_360.parquet"
        make_events(long, users, 360)
        long_home = folder / "home_of_four_times"
        longer = first_build(runner, long, long_home)
        # the machine's speed changes within minutes, so hours of both are run in turns; the first
        # of the shorter history is not counted, for what it reads is not in memory any more
        next_hour(runner, home)
        turns = [(next_hour(runner, home), next_hour(runner, long_home)) for _ in range(MEASURED)]
        beside = middle_hour([one for one, _ in turns])
        longer |= middle_hour([one for _, one in turns])
        longer |= held(runner, long_home)
        values["hour_growth"] = longer["hour"] / beside["hour"]
        raw |= {f"beside four times the history: {name}": value for name, value in beside.items()}
        raw |= {f"four times the history: {name}": value for name, value in longer.items()}
    values["peak_gb"] = ours.pop("peak_gb")
    raw |= ours
    for name, value in values.items():
        print(f"{name} {value:.2f}")
    write_results(options.events, values, raw)


def write_results(events: int, values: dict[str, float], raw: dict[str, float]) -> None:
    """Add what was measured to results.md, with machine, date and versions."""
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    packages = ("duckdb", "dbt-core", "dbt-duckdb", "pandas", "scikit-learn")
    lines = [
        f"\n## {events:,} events, {datetime.now(UTC):%Y-%m-%d}\n",
        f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages)
        + "\n",
        "| measure | value |\n|---|---|",
        *(f"| {name} | {value:.2f} |" for name, value in values.items()),
        "\n| raw | |\n|---|---|",
        *(f"| {name} | {value:,.1f} |" for name, value in raw.items()),
    ]
    with (HERE / "results.md").open("a") as results:
        results.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
