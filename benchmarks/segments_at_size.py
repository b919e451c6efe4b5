"""Five million users x 20 features: are segments fitted and given inside four gigabytes?

Usage: segments_at_size.py [--users 5000000] [--home FOLDER] [--memory 3GB] [--limit-gb 4]

A small sample is built into FOLDER; then the table of features is filled with N made-up users of
five camps (one value in twenty unknown), the catalogue is told to cluster on twenty features, and
dbt fits on its sample and gives everybody a segment, each step in a process of its own. Beside it
numpy does the same from the same rows of the model, 500,000 users at a time. Prints markdown, and
fails when a step of dbt held more than the limit or the two disagree.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd

from kindred.segmentation import cleaning
from kindred.segmentation.fitting import read_cores

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
FEATURES, CAMPS, BATCH_ROWS = 20, 5, 500_000
STEPS = {
    "draw the sample": ("seg_fit_sample", "seg_fit_items", "seg_fit_first_sessions"),
    "fit": ("seg_model_artifacts", "seg_models", "seg_models__live", "seg_feature_parameters"),
    "apply, SQL": ("seg_segment_centers", "seg_users__excluded", "seg_users__assigned"),
}


def run(home: Path, memory: str, *command: str) -> tuple[float, float]:
    """Seconds that a command took, and the gigabytes it held; stops with its words if it fails."""
    began = time.perf_counter()
    home.mkdir(parents=True, exist_ok=True)
    with (home / "last_output.txt").open("w+") as words:
        process = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=PROJECT,
            env={**os.environ, "KINDRED_HOME": str(home), "KINDRED_MEMORY_LIMIT": memory},
            stdout=words,
            stderr=words,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            words.seek(0)
            sys.exit(f"{' '.join(command)}: {words.read()[-3000:]}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024**2


def fill(build: Path, users: int) -> None:
    """Made-up users in the place of the sample's, twenty clustered features, and no model."""
    with duckdb.connect(str(build)) as connection:
        connection.execute("set preserve_insertion_order = false; set memory_limit = '3GB'")
        listed = connection.execute("select feature, kind from seeds.feature_catalog").fetchall()
        numeric = [feature for feature, kind in listed if kind == "numeric"]
        values = {
            "user_features_id": "md5('current|' || range)",
            "user_id": "md5('anonymous|d' || range)",
            "period": "'current'",
            "as_of": "(select as_of from intermediate.int_time__resolved)",
            "is_cold_start": "false",
            "lifetime_event_count": "9",
            "acquisition_channel": "'channel ' || range % 7",
            "country": "'country ' || range % 7",
            "device": "'device ' || range % 3",
        }
        for place, feature in enumerate(numeric):
            camp = f"(range % {CAMPS} * {3 + place}) % {CAMPS}"
            lot = f"(hash(range, '{feature}') % 1000000) / 1e6"
            values[feature] = (
                f"case when hash(range, '{feature}?') % 20 > 0 then exp(0.4 * ({camp}) + {lot}) end"
            )
        columns = connection.execute("describe intermediate.int_users__current").fetchall()
        selected = ", ".join(
            f'cast({values.get(name, "null")} as {kind}) as "{name}"' for name, kind, *_ in columns
        )
        connection.execute(
            "create or replace table intermediate.int_users__current as"
            f" select {selected} from range({users})"
        )
        connection.execute(
            "update seeds.feature_catalog set is_clustered = list_contains(?, feature),"
            " selection = 'keep'",
            [numeric[:FEATURES]],
        )
        connection.execute("delete from segmentation.seg_model_artifacts")


def apply_numpy(home: Path) -> None:
    """Every user's segment into a table, by numpy and back."""
    with duckdb.connect(str(home / "kindred_build.duckdb")) as build:
        build.execute("set memory_limit = '1GB'; set preserve_insertion_order = false")
        rows = build.execute("from segmentation.seg_model_artifacts").df()
        segments, dimensions, cores = read_cores(rows)
        known = _columns(build)
        numeric = [name for name in cleaning.Learned.read(rows).numeric if name in known]
        read = build.cursor().execute(
            f"select user_id, {', '.join(f'cast({name} as double) as {name}' for name in numeric)}"
            " from intermediate.int_users__current"
        )
        build.execute("create or replace table main.by_numpy (user_id text, segment_id text)")
        for batch in read.to_arrow_reader(BATCH_ROWS):
            users = batch.to_pandas()
            points = cleaning.apply(users, rows)[dimensions].to_numpy("float64")
            found = pd.DataFrame(
                {
                    "user_id": users["user_id"],
                    "segment_id": pd.Categorical.from_codes(cores.labels(points), segments),
                }
            )
            build.register("found", found)
            build.execute("insert into main.by_numpy from found")


def _columns(build: duckdb.DuckDBPyConnection) -> set[str]:
    return set(build.execute("from intermediate.int_users__current limit 0").df().columns)


def main() -> None:
    """Build, fill, fit, apply twice, compare; print a section of results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=5_000_000)
    parser.add_argument("--home", type=Path, default=PROJECT / "target" / "segments_at_size")
    parser.add_argument("--memory", default="3GB")
    parser.add_argument("--limit-gb", type=float, default=4.0)
    parser.add_argument("--numpy", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    home, memory = options.home.resolve(), options.memory
    if options.numpy:
        apply_numpy(home)
        return
    if not (home / "kindred_build.duckdb").exists():
        run(home, memory, "kindred", "sample", "--people", "300")
        run(home, memory, "kindred", "land")
        run(home, memory, "dbt", "build", "--quiet", "--exclude", "test_type:unit")
    fill(home / "kindred_build.duckdb", options.users)
    print(f"\n## Segments of {options.users:,} users x {FEATURES} features\n")
    print("| step | seconds | most memory, GB |\n|---|---|---|")
    most = 0.0
    for step, models in STEPS.items():
        command = ("dbt", "run", "--quiet", "--target-path", str(home / "target"), "--select")
        seconds, held = run(home, memory, *command, *models)
        most = max(most, held)
        print(f"| {step} | {seconds:.1f} | {held:.2f} |", flush=True)
    seconds, held = run(
        home, memory, "python", str(Path(__file__).resolve()), "--numpy", "--home", str(home)
    )
    print(f"| apply, numpy | {seconds:.1f} | {held:.2f} |", flush=True)
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        build.execute("set memory_limit = '3GB'")
        same, users, segments = build.execute(
            "select count(case when one.segment_id = other.segment_id then 1 end), count(*),"
            " count(distinct one.segment_id) from segmentation.seg_users__assigned as one"
            " inner join main.by_numpy as other on one.user_id = other.user_id"
        ).fetchall()[0]
    print(f"\n{segments} segments; the same by both for {same:,} of {users:,} users.")
    if users != options.users or same < 0.99999 * users:
        sys.exit(f"SQL and numpy disagree about {options.users - same:,} users")
    if most > options.limit_gb:
        sys.exit(f"a step held {most:.2f} GB; the limit is {options.limit_gb:.2f} GB")


if __name__ == "__main__":
    main()
