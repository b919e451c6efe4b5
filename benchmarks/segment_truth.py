"""How near segments come to the sample's truth, also when a part of the data is missing or absurd.

Usage: segment_truth.py [--home data]

HOME holds the sample, built. Values are hidden and spoilt in the features of all users, on
purpose and at random, before anything is learned. Prints markdown; the numbers are the same on
every machine.
"""

import argparse
import os
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from kindred.samples import evaluation
from kindred.samples.shop import SEGMENTS
from kindred.segmentation import cleaning
from kindred.segmentation.fitting import fit_when_due, read_cores

SEED = 20_260_101
MISSING, ABSURD = 0.20, 0.02
OTHER_DRAWS = (1, 2, 3)  # of which values are spoilt
RAW = ["recency_days", "order_count_365d", "revenue_365d"]


def spoil(users: pd.DataFrame, features: list[str], seed: int) -> pd.DataFrame:
    """A share of the values gone, and a share a thousand times too large or negative."""
    generator = np.random.default_rng(seed)
    spoilt = users.copy()
    for feature in features:
        lots = generator.random((2, len(users)))
        values = spoilt[feature].astype("float64").to_numpy(copy=True)
        is_absurd = lots[0] < ABSURD
        sign = np.where(lots[1] < 0.5, 1000.0, -1000.0)
        values[is_absurd] = (np.nan_to_num(values) + 1)[is_absurd] * sign[is_absurd]
        values[(lots[0] >= ABSURD) & (lots[0] < ABSURD + MISSING)] = np.nan
        spoilt[feature] = values
    return spoilt


def segmented(users: pd.DataFrame, catalog: pd.DataFrame, algorithm: str):
    """Segments by a first fit on the mature users, for all; and the points and k of the fit."""
    mature = users[~users["is_cold_start"]].drop(columns="is_cold_start")
    rows = fit_when_due(
        mature,
        catalog,
        pd.DataFrame(),
        as_of=pd.Timestamp("2026-01-01"),
        seed=SEED,
        segment_count_min=3,
        segment_count_max=10,
        refit_after_days=7,
        algorithm=algorithm,
    )
    segments, dimensions, cores = read_cores(rows)
    points = cleaning.apply(users, rows)[dimensions].to_numpy("float64")
    return np.array(segments)[cores.labels(points)], points, len(segments)


def main() -> None:
    """Print a table: each way of segmenting, on clean and on spoilt data."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", default=os.environ.get("KINDRED_HOME") or "data")
    home = Path(parser.parse_args().home)
    database, truth = home / "kindred_build.duckdb", home / "truth"
    with duckdb.connect(str(database), read_only=True) as build:
        catalog = build.execute("from seeds.feature_catalog").df()
        names = [name for name in catalog["feature"] if name in _columns(build)]
        catalog = catalog[catalog["feature"].isin(names)]
        columns = ", ".join(["user_id", "is_cold_start", *names])
        users = build.execute(
            f"select {columns} from intermediate.int_users__features "
            "where period = 'current' order by user_id"
        ).df()
    numeric = catalog.loc[catalog["kind"].eq("numeric"), "feature"].tolist()
    users[numeric] = users[numeric].astype("float64")
    oracle = evaluation.yardsticks(truth)["oracle"]
    print(f"Oracle {oracle:.3f}. Adjusted Rand index (share of the oracle):\n")
    print("| data | how | k | ARI | of the oracle |\n| --- | --- | --- | --- | --- |")
    spoilt = spoil(users, numeric, SEED)
    for data, frame in (("as it is", users), ("20 % missing, 2 % absurd", spoilt)):
        found = {}
        for algorithm in ("minibatch_kmeans", "gaussian_mixture", "dbscan"):
            labels, points, count = segmented(frame, catalog, algorithm)
            found[f"Kindred, {algorithm}"] = (labels, count)
            if algorithm == "minibatch_kmeans":
                cold = MiniBatchKMeans(count, random_state=SEED).fit_predict(points)
                found["cold MiniBatchKMeans on the same points"] = (cold, count)
        impute = catalog["impute"].replace({"knn": "median", "model": "median"})
        middle = catalog.assign(impute=impute, missing_without=None)
        labels, _, count = segmented(frame, middle, "minibatch_kmeans")
        found["Kindred, minibatch_kmeans, gaps filled by the median instead"] = (labels, count)
        for draw in OTHER_DRAWS if frame is spoilt else ():
            labels, _, count = segmented(spoil(users, numeric, draw), catalog, "minibatch_kmeans")
            found[f"Kindred, minibatch_kmeans, draw {draw} of what is spoilt"] = (labels, count)
        raw = SimpleImputer().fit_transform(frame[RAW])
        naive = KMeans(len(SEGMENTS), n_init=10, random_state=SEED)
        scaled = StandardScaler().fit_transform(raw)
        found["naive: k-means on z-scores of raw RFM"] = (naive.fit_predict(scaled), len(SEGMENTS))
        for how, (labels, count) in found.items():
            given = pd.DataFrame({"user_id": users["user_id"], "segment_id": labels})
            ari = evaluation.score_segments(database, truth, given)["segments_ari"]
            print(f"| {data} | {how} | {count} | {ari:.3f} | {ari / oracle:.3f} |")


def _columns(build) -> set[str]:
    return set(build.execute("from intermediate.int_users__features limit 0").df().columns)


if __name__ == "__main__":
    main()
