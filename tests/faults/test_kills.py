"""Runs that are killed, run out of room or meet another one; then simply run again."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from warehouse import PROJECT, differences

from kindred.landing.layout import ensure_layout
from kindred.publishing import publish
from kindred.running import run_alone

KILLS = 20
BIN = Path(sys.executable).parent


def started(warehouse, *arguments, **environment):
    """Start dbt as a process of its own on the warehouse's home."""
    return subprocess.Popen(
        [
            str(BIN / "dbt"),
            *arguments,
            "--quiet",
            "--project-dir",
            str(PROJECT),
            "--profiles-dir",
            str(PROJECT),
            "--target-path",
            str(warehouse.home.parent / "target-of-processes"),
            "--log-path",
            str(warehouse.home.parent / "logs-of-processes"),
        ],
        env=os.environ
        | {
            "KINDRED_HOME": str(warehouse.home),
            "KINDRED_LANDING": str(warehouse.landing),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(warehouse, *arguments, **environment):
    """Run dbt as a process to its end; its exit code and what it said."""
    process = started(warehouse, *arguments, **environment)
    said, _ = process.communicate()
    return process.returncode, said


@pytest.fixture(scope="module")
def undisturbed(warehouse, tmp_path_factory):
    """Two increments without any fault: a snapshot, and the state after the first."""
    folder = tmp_path_factory.mktemp("undisturbed")
    warehouse.start_over()
    parts = warehouse.split(2)
    warehouse.land(parts[0])
    assert finished(warehouse, "run")[0] == 0
    shutil.copytree(warehouse.home, folder / "home")
    warehouse.land(parts[1])
    assert finished(warehouse, "run")[0] == 0
    return warehouse.snapshot(folder / "end.duckdb"), folder / "home", parts[1]


def test_a_run_killed_twenty_times_ends_like_one_that_was_not(warehouse, undisturbed, tmp_path):
    snapshot, home, rows = undisturbed
    warehouse.empty()
    shutil.rmtree(warehouse.home)
    shutil.copytree(home, warehouse.home)
    warehouse._last_batch = max(
        int(folder.name.removeprefix("batch="))
        for folder in (warehouse.landing / "batches").glob("batch=*")
    )
    warehouse.land(rows)
    chance = random.Random(11)
    at_work = 0
    for _ in range(KILLS):
        process = started(warehouse, "run")
        # parsing takes about two seconds; what is wanted is the work after it
        time.sleep(1.5 + chance.random() * 6)
        at_work += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert at_work > KILLS / 2
    assert finished(warehouse, "run")[0] == 0
    assert differences(warehouse.snapshot(tmp_path / "end.duckdb"), snapshot) == {}
    exports = sorted(path.name for path in (warehouse.home / "exports").glob("*.parquet"))
    with duckdb.connect() as connection:
        for name in exports:
            connection.execute(
                "select count(*) from read_parquet(?)", [str(warehouse.home / "exports" / name)]
            )


def test_a_reader_sees_one_whole_state_through_a_build(warehouse, undisturbed):
    publish(warehouse.home)
    published = warehouse.home / "published" / "kindred.duckdb"
    with duckdb.connect(str(published), read_only=True) as reader:

        def seen():
            return reader.execute("select count(*), sum(revenue) from marts.fct_orders").fetchall()

        before = seen()
        process = started(warehouse, "run", "--full-refresh")
        looks = 0
        while process.poll() is None:
            assert seen() == before
            for path in (warehouse.home / "exports").glob("*.parquet"):
                with duckdb.connect() as other:
                    other.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall()
            looks += 1
            time.sleep(0.05)
        process.communicate()
        assert looks > 5
        publish(warehouse.home)
        assert seen() == before
    with duckdb.connect(str(published), read_only=True) as fresh:
        assert fresh.execute("select count(*) from marts.fct_orders").fetchall()[0][0] > 0


def test_a_second_build_is_told_that_the_first_one_works(warehouse, undisturbed):
    with duckdb.connect(str(warehouse.build)):
        code, said = finished(warehouse, "run")
    assert code == 2 or code == 1
    assert "Could not set lock" in said
    assert finished(warehouse, "run")[0] == 0


def test_a_schedule_that_overlaps_leaves_the_work_to_the_run_that_is_there(tmp_path, capfd):
    inside = [sys.executable, "-c", "import time; time.sleep(2)"]
    first = subprocess.Popen(
        [str(BIN / "kindred"), "alone", "--", *inside],
        env=os.environ | {"KINDRED_HOME": str(tmp_path)},
    )
    time.sleep(1)
    assert run_alone(tmp_path, ["false"]) == 0
    assert f"process {first.pid} since" in capfd.readouterr().err
    first.wait()
    assert run_alone(tmp_path, ["false"]) == 1


def test_too_little_memory_stops_with_the_cause_and_more_mends_it(warehouse, undisturbed):
    code, said = finished(warehouse, "run", "--full-refresh", KINDRED_MEMORY_LIMIT="12MB")
    assert code != 0
    assert "Out of Memory" in said
    assert finished(warehouse, "run", "--full-refresh")[0] == 0


def test_a_full_disk_stops_with_the_cause_and_room_mends_it(warehouse, undisturbed, tmp_path):
    snapshot, _, _ = undisturbed
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        usual, warehouse.home = warehouse.home, small / "home"
        warehouse.build = small / "home" / "kindred_build.duckdb"
        ensure_layout(warehouse.home / "landing")
        code, said = finished(warehouse, "build", "--exclude-resource-type", "unit_test")
        assert code != 0
        assert "No space left" in said
        subprocess.run(["mount", "-o", "remount,size=2g", str(small)], check=True)
        finished(warehouse, "seed")
        assert finished(warehouse, "run")[0] == 0
        assert differences(warehouse.snapshot(tmp_path / "end.duckdb"), snapshot) == {}
    finally:
        warehouse.home = usual
        warehouse.build = usual / "kindred_build.duckdb"
        subprocess.run(["umount", str(small)], check=False)
