"""Five million users x 20 features: fit on a sample, apply in SQL and, beside it, in numpy.

Usage: segment_scale.py [--users 5000000] [--folder target/scale]

Each of the three runs in a process of its own, whose most memory is told. SQL is the project's
own, compiled by dbt, over a made-up table of features. Prints markdown.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pandas as pd

from kindred.segmentation import cleaning
from kindred.segmentation.fitting import fit_when_due, read_cores

PROJECT = Path(__file__).parents[1]
FEATURES = 20
SAMPLE = 20_000
MODELS = ["seg_feature_parameters", "seg_models", "seg_models__live", "seg_segment_centers"]
VIEWS = ["seg_users__scaled", "seg_users__scored"]


def database(folder: Path) -> Path:
    """The file that all steps share."""
    return folder / "kindred_build.duckdb"


def connect(folder: Path, **settings) -> duckdb.DuckDBPyConnection:
    """A connection that may hold three gigabytes."""
    connection = duckdb.connect(str(database(folder)), **settings)
    connection.execute("set memory_limit = '3GB'")
    connection.execute("set preserve_insertion_order = false")
    return connection


def make(folder: Path, users: int) -> None:
    """A table with the columns of int_users__features: five camps in the clustered features."""
    catalog = pd.read_csv(PROJECT / "seeds/rules/feature_catalog.csv")
    numeric = catalog.loc[catalog["kind"].eq("numeric"), "feature"].tolist()
    columns = [
        f"case when random() > 0.05 then exp(0.3 * ((camp * {3 + n}) % 5) + random()) end as {name}"
        for n, name in enumerate(numeric)
    ]
    categories = catalog.loc[catalog["kind"].eq("category"), "feature"].tolist()
    columns += [f"'level ' || (number % 7) as {name}" for name in categories]
    with connect(folder) as build:
        build.execute("create schema intermediate")
        build.execute("create schema segmentation")
        build.execute("select setseed(0.5)")
        build.execute(
            "create table intermediate.int_users__features as "
            "select md5(cast(number as varchar)) as user_id, 'current' as period, "
            f"timestamp '2026-01-01' as as_of, {', '.join(columns)} "
            f"from (select number, number % 5 as camp from range({users}) as numbers(number))"
        )


def catalog_of_twenty() -> pd.DataFrame:
    """The catalogue with its first twenty numeric features clustered, and nothing else."""
    catalog = pd.read_csv(PROJECT / "seeds/rules/feature_catalog.csv", keep_default_na=False)
    catalog = catalog[catalog["kind"].eq("numeric")].copy()
    catalog["is_clustered"] = [place < FEATURES for place in range(len(catalog))]
    if "is_selected" in catalog:
        catalog["is_selected"] = "always"
    return catalog.replace("", None)


def fit(folder: Path) -> dict[str, float]:
    """Draw the sample and fit; the artifacts become a table."""
    with connect(folder) as build:
        sample = build.execute(
            f"select * from intermediate.int_users__features order by md5(user_id) limit {SAMPLE}"
        ).df()
        rows = fit_when_due(
            sample,
            catalog_of_twenty(),
            pd.DataFrame(),
            as_of=pd.Timestamp("2026-01-01"),
            seed=20_260_101,
            segment_count_min=3,
            segment_count_max=10,
            refit_after_days=7,
        )
        build.register("rows", rows)
        build.execute("create table segmentation.seg_model_artifacts as select * from rows")
        count = rows.loc[rows["record"].eq("model") & rows["name"].eq("k"), "value"].iloc[0]
    return {"segments": float(count)}


def compiled(folder: Path) -> dict[str, str]:
    """The SQL of the models that apply a fit."""
    target = folder / "target"
    subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("compile", "--quiet", "--target-path", str(target), "--select", *MODELS, *VIEWS),
        ],
        cwd=PROJECT,
        env=os.environ | {"KINDRED_HOME": str(folder / "elsewhere")},
        check=True,
    )
    found = (target / "compiled").rglob("*.sql")
    return {file.stem: file.read_text() for file in found}


def apply_sql(folder: Path) -> dict[str, float]:
    """Every user's segment into a table, by SQL."""
    sql = {name: (folder / f"{name}.sql").read_text() for name in [*MODELS, *VIEWS]}
    with connect(folder) as build:
        for name in MODELS:
            build.execute(f"create or replace table segmentation.{name} as {sql[name]}")
        for name in VIEWS:
            build.execute(f"create or replace view segmentation.{name} as {sql[name]}")
        build.execute(
            "create or replace table segmentation.by_sql as "
            "select user_id, segment_id, distance from segmentation.seg_users__scored "
            "where period = 'current' and is_champion"
        )
    return {}


def apply_numpy(folder: Path) -> dict[str, float]:
    """Every user's segment into a table, by numpy and back."""
    with connect(folder) as build:
        rows = build.execute("from segmentation.seg_model_artifacts").df()
        segments, dimensions, cores = read_cores(rows)
        users = build.execute(
            f"select user_id, {', '.join(dimensions)} from intermediate.int_users__features"
        ).df()
        points = cleaning.apply(users.reindex(columns=_known(rows, users)), rows)[dimensions]
        squared = cores.squared_distances(points.to_numpy("float64"))
        found = pd.DataFrame(
            {
                "user_id": users["user_id"],
                "segment_id": pd.Categorical.from_codes(squared.argmin(axis=1), segments),
                "distance": squared.min(axis=1) ** 0.5,
            }
        )
        build.register("found", found)
        build.execute("create or replace table segmentation.by_numpy as select * from found")
    return {}


def _known(rows: pd.DataFrame, users: pd.DataFrame) -> list[str]:
    """The features that a model cleans; those it does not cluster on may be absent."""
    features = rows.loc[rows["record"].eq("parameter"), "feature"].unique()
    return [*users.columns, *[name for name in features if name not in users]]


STEPS = {"fit": fit, "SQL": apply_sql, "numpy": apply_numpy}


def main() -> None:
    """Make the table, run each step in its own process, compare, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, default=PROJECT / "target/scale")
    parser.add_argument("--step", choices=STEPS)
    options = parser.parse_args()
    if options.step:
        began = time.perf_counter()
        told = STEPS[options.step](options.folder)
        told["seconds"] = time.perf_counter() - began
        told["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(json.dumps(told))
        return
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    make(options.folder, options.users)
    for name, text in compiled(options.folder).items():
        (options.folder / f"{name}.sql").write_text(text)
    print(f"{options.users:,} users x {FEATURES} features\n")
    print("| step | seconds | most memory, GB |\n| --- | --- | --- |")
    for step in STEPS:
        command = [sys.executable, __file__, "--step", step, "--folder", str(options.folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        told = json.loads(done.stdout.splitlines()[-1])
        print(f"| {step} | {told['seconds']:.1f} | {told['peak_gb']:.2f} |", flush=True)
    with connect(options.folder) as build:
        same = build.execute(
            "select avg(cast(one.segment_id = cast(other.segment_id as varchar) as integer)), "
            "count(*) from segmentation.by_sql as one "
            "inner join segmentation.by_numpy as other on one.user_id = other.user_id"
        ).fetchall()[0]
    print(f"\nSame segment by both: {same[0]:.6%} of {same[1]:,} users.")
    shutil.rmtree(options.folder)


if __name__ == "__main__":
    main()
