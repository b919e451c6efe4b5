"""Landing and publishing that are killed at random points, then simply run again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from kindred.landing import land
from kindred.samples import write_sample

KINDRED = Path(sys.executable).parent / "kindred"
KILLS = 10


def run_and_kill(step, home, seconds):
    """Start a step, kill it after so long; whether it was still at work then."""
    process = subprocess.Popen(
        [str(KINDRED), step],
        env=os.environ | {"KINDRED_HOME": str(home), "KINDRED_LANDING": str(home / "landing")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    time.sleep(seconds)
    at_work = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return at_work


def run(step, home):
    subprocess.run(
        [str(KINDRED), step],
        env=os.environ | {"KINDRED_HOME": str(home), "KINDRED_LANDING": str(home / "landing")},
        check=True,
        capture_output=True,
    )


def seconds_of(step, home):
    began = time.perf_counter()
    run(step, home)
    return time.perf_counter() - began


def landed(home):
    """Every landed row of every table, but for when and in which batch it came."""
    with duckdb.connect() as connection:
        tables = {}
        for folder in sorted((home / "landing").glob("*/*")):
            # counts of erased rows are no landed rows
            if folder.parent.name != "erased" and next(folder.rglob("*.parquet"), None):
                relation = connection.execute(
                    "select to_json(columns(* exclude (batch, loaded_at))) "
                    f"from read_parquet('{folder}/**/*.parquet', union_by_name = true, "
                    "hive_partitioning = true)"
                )
                tables[f"{folder.parent.name}/{folder.name}"] = sorted(relation.fetchall())
        return tables


def test_files_land_once_and_whole_however_often_landing_is_killed(tmp_path):
    undisturbed, home = tmp_path / "undisturbed", tmp_path / "home"
    for one in (undisturbed, home):
        write_sample(one, people=150, days=60, seed=20_260_101)
    seconds = seconds_of("land", undisturbed)
    idle = seconds_of("land", undisturbed)
    chance = random.Random(3)
    # what a killed run has landed stays, so each gets its share of the work
    share = 1.5 * (seconds - idle) / KILLS
    at_work = sum(
        run_and_kill("land", home, 0.8 * idle + share * chance.random()) for _ in range(KILLS)
    )
    assert at_work > KILLS / 2
    run("land", home)
    found, wanted = landed(home), landed(undisturbed)
    assert found.keys() == wanted.keys()
    assert len(found) > 5
    for table, rows in wanted.items():
        # a ledger of batches counts runs, and a run that was killed counts too
        if not table.startswith("batches/"):
            assert found[table] == rows, table
    assert land(home, report=lambda line: None) == []


def test_the_published_copy_is_whole_however_often_publishing_is_killed(tmp_path):
    build = tmp_path / "kindred_build.duckdb"
    copy = tmp_path / "published" / "kindred.duckdb"
    chance = random.Random(5)

    def change(state):
        with duckdb.connect(str(build)) as connection:
            connection.execute(
                f"create or replace table t as select {state} as state, hash(range * {state}) "
                "as noise from range(3_000_000)"
            )

    change(1)
    seconds = seconds_of("publish", tmp_path)
    at_work = 0
    for state in range(2, KILLS + 2):
        change(state)
        is_killed = run_and_kill("publish", tmp_path, (0.3 + 0.8 * chance.random()) * seconds)
        at_work += is_killed
        if not is_killed:
            # the machine is quicker than it was when the step was timed
            seconds *= 0.7
        with duckdb.connect(str(copy), read_only=True) as reader:
            states = reader.execute(
                "select distinct state, count(noise) over (partition by state) from t"
            ).fetchall()
        assert len(states) == 1
        assert states[0][0] <= state
        assert states[0][1] == 3_000_000
    assert at_work > KILLS / 3
    run("publish", tmp_path)
    assert copy.read_bytes() == build.read_bytes()
