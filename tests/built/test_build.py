"""What a build leaves behind, looked at from outside."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
from conftest import PROJECT

from kindred.experiments.assigning import draw_arm
from kindred.segmentation import cleaning, clustering, fitting

# beginning at the sign keeps the search linear in long runs of letters
ADDRESS = re.compile(rb"[A-Za-z0-9]@[A-Za-z0-9-]{1,63}\.(?:com|example|org|net|test)\b")


def test_the_published_copy_is_readable_by_older_clients(home):
    # a DuckDB file says after its checksum and magic bytes which storage it has
    with (home / "published" / "kindred.duckdb").open("rb") as file:
        header = file.read(64)
    assert header[8:12] == b"DUCK"
    storage = int.from_bytes(header[12:20], "little")
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as newest")
    # 65 is what DuckDB 1.2 to 1.3 write and every later client reads
    assert storage <= 65


def test_exports_hold_the_rows_of_their_views(home):
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        views = build.execute(
            "select table_name from information_schema.tables where table_schema = 'exports'"
        ).fetchall()
        assert views
        for (view,) in views:
            file = home / "exports" / f"{view.removeprefix('exp_')}.parquet"
            there = build.execute("select count(*) from read_parquet(?)", [str(file)]).fetchall()
            here = build.execute(f'select count(*) from exports."{view}"').fetchall()
            assert there == here, view
    assert not list((home / "exports").glob("*.tmp"))


def test_no_clear_address_reaches_a_file_behind_the_inbox(home):
    for folder in ("landing", "exports", "published"):
        for file in (home / folder).rglob("*"):
            if file.is_file():
                assert not ADDRESS.search(file.read_bytes()), file
    with duckdb.connect() as connection:
        for file in (home / "landing").glob("*/*/*/*.parquet"):
            text = connection.execute(
                "select string_agg(cast(record as varchar), '') from read_parquet(?) as record",
                [str(file)],
            ).fetchall()[0][0]
            assert not ADDRESS.search((text or "").encode()), file


def test_a_second_build_remembers_the_same(home):
    """Models and changes are appended to only when something is new."""
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        fits, moments, marks = build.execute(
            "select (select count(distinct run_id) from segmentation.seg_model_artifacts), "
            "(select count(*) from intermediate.int_time__resolved), "
            "(select count(*) from segmentation.seg_segment_changes "
            "where operation = 'scored')"
        ).fetchall()[0]
    assert (fits, moments, marks) == (1, 1, 1)


def test_sql_scores_every_user_as_python_does(home):
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        memory = build.execute("from segmentation.seg_model_artifacts").df()
        users = build.execute(
            "from intermediate.int_users__features where period = 'current' order by user_id"
        ).df()
        scored = build.execute(
            "select segment_id, distance from segmentation.seg_users__scored "
            "where period = 'current' and is_champion order by user_id"
        ).df()
    # decimals come as objects; a model reads doubles
    numbers = users.columns[users.columns.str.endswith("d") & (users.dtypes == "object")]
    users[numbers] = users[numbers].astype("float64")
    points = cleaning.apply(users, memory)
    segments, centers = fitting.read_centers(memory)
    shared = points[centers.columns].to_numpy("float64")
    nearest = clustering.nearest(shared, centers.to_numpy("float64"))
    distances = np.linalg.norm(shared - centers.to_numpy("float64")[nearest], axis=1)
    np.testing.assert_allclose(scored["distance"], distances, rtol=1e-9, atol=1e-9)
    # users who lie right between two centres may go either way
    assert (scored["segment_id"] == np.array(segments)[nearest]).mean() > 0.999


def test_a_replayed_week_end_has_the_features_that_the_full_build_keeps(home, tmp_path):
    """Windows look back from the moment, so the moment alone decides what is in them."""
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        moment = build.execute(
            "select max(as_of) from marts.fct_user_features where period = 'week'"
        ).fetchall()[0][0]
    replay = tmp_path / "replay"
    subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("build", "--quiet", "--select", "+int_users__features"),
            *("--exclude", "resource_type:test", "resource_type:unit_test"),
            *("--vars", f"{{as_of: '{moment}'}}", "--target-path", str(tmp_path / "target")),
        ],
        cwd=PROJECT,
        env={
            "PATH": "/usr/bin:/bin",
            "KINDRED_HOME": str(replay),
            "KINDRED_LANDING": str(home / "landing"),
        },
        check=True,
    )
    same = ["user_id", "revenue_30d", "session_count_7d", "event_count_90d", "cart_count_30d"]
    query = "select {} from intermediate.int_users__features where period = '{}' and as_of = ?"
    frames = {}
    for name, folder, period in (("now", replay, "current"), ("kept", home, "week")):
        with duckdb.connect(str(folder / "kindred_build.duckdb"), read_only=True) as build:
            frames[name] = build.execute(query.format(", ".join(same), period), [moment]).df()
    # a user who was joined to another since goes by another id now
    both = frames["now"].merge(frames["kept"], on="user_id", suffixes=("", "_kept"))
    assert len(both) > 0.9 * len(frames["now"])
    for column in same[1:]:
        equal = both[column].astype(float) == both[f"{column}_kept"].astype(float)
        # identities known later move whole devices between users, and nothing else
        assert equal.mean() > 0.98, column
    shutil.rmtree(replay)


def test_sql_draws_every_user_as_python_does(home):
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        drawn = build.execute(
            "select experiment_id, unit_id, arm from segmentation.seg_experiments__assigned "
            "where not is_exposed"
        ).fetchall()
        arms = build.execute("select experiment_id, arm, weight from seeds.experiment_arms")
        weights = {}
        for experiment_id, arm, weight in arms.fetchall():
            weights.setdefault(experiment_id, {})[arm] = weight
    assert len(drawn) > 1_000
    assert drawn == [(*one[:2], draw_arm(one[0], one[1], weights[one[0]])) for one in drawn]
