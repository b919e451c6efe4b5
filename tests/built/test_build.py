"""What a build leaves behind, looked at from outside."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from kindred.experiments.assigning import draw_arm
from kindred.segmentation import artifacts, cleaning, fitting
from kindred.segmentation.clustering import Guards

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


def test_keys_are_numbers_of_64_bits(home):
    # a case over two kinds of number makes one of 128, and every table of its key as wide
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        wide = build.execute(
            "select table_name, column_name from duckdb_columns() "
            "where data_type = 'HUGEINT' and column_name like '%\\_key' escape '\\'"
        ).fetchall()
    assert wide == []


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
            "select (select count(distinct run_id) from segmentation.seg_model_artifacts "
            "where record = 'model'), "
            "(select count(*) from intermediate.int_time__resolved), "
            "(select count(*) from segmentation.seg_segment_changes "
            "where operation = 'scored')"
        ).fetchall()[0]
    assert (fits, moments, marks) == (1, 1, 1)


def users_of(build, table):
    """The current users of a table in order; decimals come as objects, a model reads doubles."""
    users = build.execute(f"from {table} where period = 'current' order by user_id").df()
    numbers = users.columns[users.columns.str.endswith("d") & (users.dtypes == "object")]
    users[numbers] = users[numbers].astype("float64")
    return users


def assert_scored_alike(scored, rows, users):
    segments, dimensions, cores = fitting.read_cores(rows)
    squared = cores.squared_distances(cleaning.apply(users, rows)[dimensions].to_numpy("float64"))
    np.testing.assert_allclose(
        scored["distance"], np.sqrt(squared.min(axis=1)), rtol=1e-9, atol=1e-9
    )
    # users who lie right between two cores may go either way
    is_tie = np.diff(np.sort(squared, axis=1)[:, :2]).ravel() < 1e-9
    same = scored["segment_id"].to_numpy() == np.array(segments)[squared.argmin(axis=1)]
    assert (same | is_tie).all()
    assert is_tie.mean() < 0.001
    return squared


def test_sql_scores_every_user_as_python_does(home):
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        memory = build.execute("from segmentation.seg_model_artifacts").df()
        users = users_of(build, "intermediate.int_users__features")
        scored = build.execute(
            "select segment_id, distance from segmentation.seg_users__scored "
            "where period = 'current' and is_champion order by user_id"
        ).df()
    rows = artifacts.of_model(memory, artifacts.current_champion(memory))
    assert_scored_alike(scored, rows, users)


def test_scores_tell_when_a_model_looks_at_what_they_do_not_read(home, tmp_path):
    """As after a fit alone: what scores names only what was clustered on when it was made."""
    copy = tmp_path / "home"
    copy.mkdir()
    shutil.copy(home / "kindred_build.duckdb", copy)
    (copy / "landing").symlink_to((home / "landing").resolve())
    remedy = "dbt run --select seg_users__scaled seg_users__scored"
    learned = "segmentation.seg_feature_parameters"
    with duckdb.connect(str(copy / "kindred_build.duckdb")) as build:
        ask = "select sum(length(fills)), sum({}) from segmentation.{} where period = 'current'"
        scaled = ask.format("revenue_90d", "seg_users__scaled")
        scored = "select sum(distance) from segmentation.seg_users__scored where period = 'current'"
        build.execute(scaled)
        build.execute("begin")
        build.execute(f"update {learned} set is_clustered = 1 where feature = 'revenue_90d'")
        with pytest.raises(duckdb.Error, match=remedy):
            build.execute(scaled)
        build.execute("rollback")
        build.execute("begin")
        build.execute(
            "update segmentation.seg_segment_centers set feature = 'revenue_90d' "
            "where feature = (select min(feature) from segmentation.seg_segment_centers)"
        )
        with pytest.raises(duckdb.Error, match=remedy):
            build.execute(scored)
        build.execute("rollback")
        build.execute(
            f"update {learned} set is_clustered = 0 "
            f"where feature = (select min(feature) from {learned} where is_clustered = 1)"
        )
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("run", "--quiet", "--target-path", str(tmp_path / "target")),
            *("--select", "seg_users__assigned"),
        ],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "KINDRED_HOME": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert remedy in done.stdout


def test_sql_scores_as_predict_of_scikit_learn_does_for_each_algorithm(home, tmp_path):
    """Shadows of the two other algorithms are scored beside the champion, in one statement."""
    copy = tmp_path / "home"
    copy.mkdir()
    shutil.copy(home / "kindred_build.duckdb", copy)
    (copy / "landing").symlink_to((home / "landing").resolve())
    shadows = pd.DataFrame(
        {
            "shadow_id": ["mixture", "density"],
            "algorithm": ["gaussian_mixture", "dbscan"],
            "segment_count_min": 2,
            "segment_count_max": 12,
        }
    )
    with duckdb.connect(str(copy / "kindred_build.duckdb")) as build:
        build.execute("set timezone = 'UTC'")
        memory = build.execute("from segmentation.seg_model_artifacts").df()
        sample = build.execute("from segmentation.seg_fit_sample").df()
        catalog = build.execute("from seeds.feature_catalog").df()
        fitted = fitting.fit_when_due(
            sample,
            catalog,
            memory,
            as_of=memory["as_of"].max(),
            seed=20260101,
            segment_count_min=3,
            segment_count_max=10,
            refit_after_days=7,
            shadows=shadows,
            guards=Guards(smallest_share=0.0, stability=0.0),
        )
        assert set(artifacts.live_shadows(fitted).index) == {"mixture", "density"}
        build.register("fitted", fitted)
        build.execute("insert into segmentation.seg_model_artifacts by name from fitted")
    subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("run", "--quiet", "--target-path", str(tmp_path / "target"), "--select"),
            *["seg_feature_parameters", "seg_models", "seg_models__live", "seg_segment_centers"],
            *("seg_users__scaled", "seg_users__scored"),
        ],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "KINDRED_HOME": str(copy)},
        check=True,
    )
    with duckdb.connect(str(copy / "kindred_build.duckdb"), read_only=True) as build:
        users = users_of(build, "intermediate.int_users__features")
        scored = build.execute(
            "select * from segmentation.seg_users__scored where period = 'current' order by user_id"
        ).df()
    memory = pd.concat([memory, fitted], ignore_index=True)
    for version in [artifacts.current_champion(memory), *artifacts.live_shadows(memory)]:
        rows = artifacts.of_model(memory, version)
        mine = scored[scored["model_version"] == version]
        squared = assert_scored_alike(mine, rows, users)
        segments, dimensions, cores = fitting.read_cores(rows)
        points = cleaning.apply(users, rows)[dimensions].to_numpy("float64")
        predicted = predict_of_scikit_learn(cores, points)
        is_tie = np.diff(np.sort(squared, axis=1)[:, :2]).ravel() < 1e-9
        same = mine["segment_id"].to_numpy() == np.array(segments)[predicted]
        assert (same | is_tie).all(), version


def predict_of_scikit_learn(cores, points):
    """What the estimator that has these parameters predicts."""
    is_core = ~np.isnan(cores.centers).any(axis=1)
    if len(cores.clusters) > cores.cluster_count:
        nearest = NearestNeighbors(n_neighbors=1).fit(cores.centers[is_core])
        distances, places = nearest.kneighbors(points)
        labels = cores.clusters[is_core][places.ravel()]
        if is_core.all():
            return labels
        radius = np.sqrt(cores.offsets[~is_core][0])
        return np.where(distances.ravel() <= radius, labels, cores.clusters[-1])
    if (cores.scales == 1).all():
        model = KMeans(cores.cluster_count, n_init=1, init=cores.centers, max_iter=1)
        model.fit(points)
        model.cluster_centers_ = np.ascontiguousarray(cores.centers)
        return model.predict(points)
    model = GaussianMixture(cores.cluster_count, covariance_type="diag")
    model.means_, model.precisions_cholesky_ = cores.centers, cores.scales
    model.covariances_ = 1 / cores.scales**2
    log_weights = -cores.offsets / 2 - np.log(cores.scales).sum(axis=1)
    model.weights_ = np.exp(log_weights - np.logaddexp.reduce(log_weights))
    return model.predict(points)


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


def test_what_is_remembered_of_a_past_week_end_is_what_its_model_says_of_it(home):
    """Features of that moment and the parameters of its version give the segment again."""
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        states = build.execute("""
            with scored as (
                select scored.user_id, scored.as_of, scored.model_version, scored.segment_id
                from segmentation.seg_users__scored as scored
                inner join segmentation.seg_users__assigned as assigned
                    on scored.user_id = assigned.user_id and not assigned.is_cold_start
                where scored.period = 'week' and scored.is_champion
            )

            select
                scored.segment_id,
                scored.as_of,
                arg_max(changes.to_segment_id, changes.change_number) as remembered
            from scored
            left join segmentation.seg_segment_changes as changes
                on
                    scored.user_id = changes.user_id
                    and scored.model_version = changes.model_version
                    and changes.changed_at <= scored.as_of
                    and changes.operation <> 'scored'
            group by scored.user_id, scored.segment_id, scored.as_of
        """).df()
    assert len(states) > 1000 and states["as_of"].nunique() > 3
    assert states["segment_id"].nunique() > 2
    assert (states["segment_id"] == states["remembered"]).all()


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
