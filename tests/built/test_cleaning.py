"""What a fit learned about cleaning is applied in SQL to everyone exactly as in Python."""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT

from kindred.segmentation import cleaning, encoding, fitting

APPLIED = ("seg_feature_parameters", "seg_models", "seg_models__live", "seg_users__scaled")


@pytest.fixture(scope="module")
def everything(home, tmp_path_factory):
    """A copy of the build under a model that clusters on all there is, in every way there is."""
    folder = tmp_path_factory.mktemp("everything")
    shutil.copy(home / "kindred_build.duckdb", folder)
    with duckdb.connect(str(folder / "kindred_build.duckdb")) as build:
        read = {
            name: build.execute(f"from {table}").df()
            for name, table in {
                "sample": "segmentation.seg_fit_sample",
                "items": "segmentation.seg_fit_items",
                "catalog": "seeds.feature_catalog",
            }.items()
        }
        catalog = read["catalog"].assign(is_clustered=True, selection="keep")
        catalog.loc[catalog["feature"].eq("revenue_365d"), "transform"] = "yeo_johnson"
        as_of = build.execute("select as_of from intermediate.int_time__resolved").fetchall()[0][0]
        rows = fitting.fit_when_due(
            read["sample"],
            catalog,
            pd.DataFrame(),
            as_of=as_of,
            seed=7,
            segment_count_min=3,
            segment_count_max=3,
            refit_after_days=7,
            items=read["items"],
        )
        build.execute("delete from segmentation.seg_model_artifacts")
        build.execute("insert into segmentation.seg_model_artifacts by name from rows")
    subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            *("run", "--quiet", "--select", *APPLIED),
            *("--target-path", str(folder / "target")),
        ],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", "KINDRED_HOME": str(folder)},
        check=True,
    )
    with duckdb.connect(str(folder / "kindred_build.duckdb"), read_only=True) as build:
        current = "where period = 'current'"
        users = build.execute(
            f"from intermediate.int_users__features {current} order by user_id"
        ).df()
        items = build.execute(
            "select user_id, item_kind, item, sum(item_count) as item_count"
            f" from intermediate.int_users__items {current} group by all"
        ).df()
        scaled = build.execute(
            f"from segmentation.seg_users__scaled {current} and is_champion order by user_id"
        ).df()
    numbers = users.columns[users.columns.str.endswith("d") & (users.dtypes == "object")]
    users[numbers] = users[numbers].astype("float64")
    users = users.join(encoding.embed(items, rows, users["user_id"]))
    return users, rows, scaled


def test_sql_cleans_every_user_as_python_does(everything):
    users, rows, scaled = everything
    points = cleaning.apply(users, rows)
    assert len(points.columns) > 45
    assert scaled["user_id"].tolist() == users["user_id"].tolist()
    for dimension in points:
        np.testing.assert_allclose(
            scaled[dimension].astype("float64"),
            points[dimension],
            rtol=1e-7,
            atol=1e-7,
            err_msg=dimension,
        )


def test_each_filled_value_says_by_what(everything):
    users, rows, scaled = everything
    learned, fills = cleaning.Learned.read(rows), scaled["fills"]
    for feature, way, count, usual_way in (
        ("pages_per_session_365d", "knn", "session_count_365d", "median"),
        ("session_seconds_mean_365d", "model", "session_count_365d", "median"),
        ("average_order_value_365d", "knn", "order_count_365d", "median"),
        ("discount_share_365d", "knn", "order_count_365d", "constant"),
        ("bounce_share_365d", "median", "session_count_365d", "median"),
    ):
        # what is absurd is filled too
        gaps = np.isnan(learned.believed(cleaning.numbers_of(users[feature]), feature))
        is_usual = cleaning.numbers_of(users[count]) == 0
        assert 0 < gaps.sum() < len(users), feature
        for how in {way, usual_way}:
            expected = gaps & (is_usual & (how == usual_way) | ~is_usual & (how == way))
            assert (fills.str.contains(f"{feature}:{how}") == expected).all(), (feature, how)
        assert not fills[~gaps].str.contains(feature).any()
