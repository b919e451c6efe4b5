"""Do segments keep their names, and does a number of clusters that is a trap stay untaken?

Usage: segment_stability.py [--online-retail FILE] [--cdnow FILE] [--counts 4 5 6]

FILE are the UCI Online Retail set (parquet, its own column names) and CDNOW_master.txt of the
pip package `lifetimes`. Prints markdown. Nothing is timed, so the numbers are the same on
every machine.
"""

import argparse
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans, MiniBatchKMeans

from kindred.segmentation import artifacts, cleaning, clustering
from kindred.segmentation.clustering import jaccard_overlap
from kindred.segmentation.fitting import fit_when_due, read_cores

REFITS, SAMPLE_SHARE, SEED = 20, 0.7, 20_260_101
FEATURES = ("recency_days", "order_count_365d", "revenue_365d")
START = pd.Timestamp("2026-01-01")


def catalog(transform: str) -> pd.DataFrame:
    """Recency, frequency and money, bent by log1p and capped, or raw as they come."""
    return pd.DataFrame(
        {
            "feature": FEATURES,
            "is_clustered": True,
            "kind": "numeric",
            "impute": "median",
            "impute_constant": None,
            "outlier_method": "zscore" if transform != "none" else "none",
            "outlier_action": "cap" if transform != "none" else "none",
            "transform": transform,
            "scale": "standard",
            "encode": "none",
            "encode_top_count": None,
            "weight": 1.0,
            "description": "",
        }
    )


def online_retail(file: Path) -> pd.DataFrame:
    """One row per customer who bought: days since, invoices, money."""
    return duckdb.execute(
        """
        with lines as (
            select * from read_parquet(?)
            where CustomerID is not null and Quantity > 0 and UnitPrice > 0
        )
        select
            cast(CustomerID as varchar) as user_id,
            date_diff('day', max(InvoiceDate), (select max(InvoiceDate) from lines))
                as recency_days,
            count(distinct InvoiceNo) as order_count_365d,
            sum(Quantity * UnitPrice) as revenue_365d
        from lines group by CustomerID order by user_id
        """,
        [str(file)],
    ).df()


def cdnow(file: Path) -> pd.DataFrame:
    """One row per purchase: user_id, day, money."""
    rows = pd.read_csv(
        file, sep=r"\s+", skiprows=1, names=["user_id", "day", "units", "revenue"], dtype=str
    )
    return pd.DataFrame(
        {
            "user_id": rows["user_id"],
            "day": pd.to_datetime(rows["day"], format="%Y%m%d"),
            "revenue": rows["revenue"].astype("float64"),
        }
    )


def as_of_month(purchases: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """The features of everyone who had bought by then."""
    past = purchases[purchases["day"] <= moment]
    grouped = past.groupby("user_id")
    return pd.DataFrame(
        {
            "recency_days": (moment - grouped["day"].max()).dt.days,
            "order_count_365d": grouped["day"].nunique(),
            "revenue_365d": grouped["revenue"].sum(),
        }
    ).reset_index()


def fit(sample, memory, *, weeks, count, seed=SEED, transform="log1p") -> pd.DataFrame:
    """The rows of a fit with this number of segments, asked for now."""
    return fit_when_due(
        sample,
        catalog(transform),
        memory,
        as_of=START + pd.Timedelta(weeks=weeks),
        seed=seed,
        segment_count_min=count,
        segment_count_max=count,
        refit_after_days=0,
    )


def segments_of(users: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """The segment that the model of these rows gives each user."""
    segments, dimensions, cores = read_cores(rows)
    points = cleaning.apply(users, rows)[dimensions].to_numpy("float64")
    return np.array(segments)[cores.labels(points)]


def challenger(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the model that a run fitted, promoted or not."""
    return artifacts.of_model(rows, artifacts.last_fitted_model(rows))


def in_force(*rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the champion after these runs."""
    memory = pd.concat(rows, ignore_index=True)
    return artifacts.of_model(memory, artifacts.current_champion(memory))


def best_names(old: np.ndarray, new: np.ndarray, count: int) -> float:
    """Share of users who stay, if the new clusters get the old names that fit best."""
    overlap = jaccard_overlap(old, new, count, count)
    one, other = linear_sum_assignment(overlap, maximize=True)
    renamed = np.empty(count, dtype=int)
    renamed[other] = one
    return float((renamed[new] == old).mean())


def refits(users: pd.DataFrame, counts: list[int]) -> pd.DataFrame:
    """Share of all users who keep their segment when a sample of them is fitted again."""
    found = []
    for count in counts:
        base = fit(users, pd.DataFrame(), weeks=0, count=count)
        before = segments_of(users, base)
        segments, dimensions, cores = read_cores(base)
        old = np.array([segments.index(name) for name in before])
        points = cleaning.apply(users, base)[dimensions].to_numpy("float64")
        for attempt in range(REFITS):
            generator = np.random.default_rng([SEED, attempt])
            rows = np.sort(
                generator.choice(len(users), int(SAMPLE_SHARE * len(users)), replace=False)
            )
            seed = SEED + 1 + attempt
            again = fit(users.iloc[rows], base, weeks=1, count=count, seed=seed)
            drawn = points[rows]
            cold_batch = MiniBatchKMeans(count, random_state=seed, n_init=3).fit(drawn)
            cold_means = KMeans(count, random_state=seed, n_init=10).fit(drawn)
            settled = clustering.fit_centers(drawn, count, seed=seed)
            warm_batch = MiniBatchKMeans(
                count, init=cores.centers, n_init=1, random_state=seed
            ).fit(drawn)
            found.append(
                {
                    "k": count,
                    "raw labels, cold MiniBatchKMeans": (cold_batch.predict(points) == old).mean(),
                    "matched, cold MiniBatchKMeans": best_names(
                        old, cold_batch.predict(points), count
                    ),
                    "matched, cold KMeans (n_init 10)": best_names(
                        old, cold_means.predict(points), count
                    ),
                    "matched, cold MiniBatchKMeans settled by passes": best_names(
                        old, clustering.nearest(points, settled), count
                    ),
                    "matched, MiniBatchKMeans from the champion": best_names(
                        old, warm_batch.predict(points), count
                    ),
                    "Kindred: the challenger, from the champion, settled": (
                        segments_of(users, challenger(again)) == before
                    ).mean(),
                    "Kindred: after the gate": (
                        segments_of(users, in_force(base, again)) == before
                    ).mean(),
                    "(challengers that passed the gate)": float(
                        artifacts.current_champion(pd.concat([base, again]))
                        != artifacts.current_champion(base)
                    ),
                }
            )
    return pd.DataFrame(found)


def month_to_month(purchases: pd.DataFrame, count: int) -> pd.DataFrame:
    """Who moves between two months, and whether the user or the model did."""
    memory, before_rows, before, found = pd.DataFrame(), None, None, []
    moments = pd.date_range("1997-06-30", "1998-06-30", freq="ME")
    for number, moment in enumerate(moments):
        users = as_of_month(purchases, moment)
        rows = fit(users, memory, weeks=4 * number, count=count)
        memory = pd.concat([memory, rows], ignore_index=True)
        champion = artifacts.of_model(memory, artifacts.current_champion(memory))
        now = pd.Series(segments_of(users, champion), index=users["user_id"])
        if before is not None:
            old_model = pd.Series(segments_of(users, before_rows), index=users["user_id"])
            both = before.index.intersection(now.index)
            moved = now[both] != before[both]
            by_model = moved & (old_model[both] == before[both])
            segments, dimensions, _ = read_cores(before_rows)
            points = cleaning.apply(users, before_rows)[dimensions].to_numpy("float64")
            cold = MiniBatchKMeans(count, random_state=SEED + number, n_init=3).fit(points)
            place = {name: n for n, name in enumerate(segments)}
            old = old_model.map(place).to_numpy()
            found.append(
                {
                    "month": f"{moment:%Y-%m}",
                    "users": len(both),
                    "moved": moved.mean(),
                    "by behaviour": (moved & ~by_model).mean(),
                    "by the model": by_model.mean(),
                    "same name by old and new model": (now == old_model).mean(),
                    "the same, cold MiniBatchKMeans matched": best_names(
                        old, cold.predict(points), count
                    ),
                    "fit": artifacts.latest_statuses(memory)[
                        artifacts.last_fitted_model(memory)
                    ].replace("champion", "promoted"),
                }
            )
        before_rows, before = champion, now
    return pd.DataFrame(found)


def trap(users: pd.DataFrame) -> pd.DataFrame:
    """The ledger of raw recency, frequency and money, with k from 2 up."""
    rows = fit_when_due(
        users,
        catalog("none"),
        pd.DataFrame(),
        as_of=START,
        seed=SEED,
        segment_count_min=2,
        segment_count_max=8,
        refit_after_days=0,
    )
    trials = rows[rows["record"].eq("trial")]
    names = ["silhouette", "smallest_share", "stability"]
    numbers = trials[trials["name"].isin(names)].pivot(
        index="cluster_count", columns="name", values="value"
    )
    texts = trials[trials["name"].eq("reason")].set_index("cluster_count")["text"]
    return numbers[names].join(texts.rename("reason"))


def table(frame: pd.DataFrame, digits: int = 3) -> str:
    """A frame as markdown."""
    lines = ["| " + " | ".join(map(str, frame.columns)) + " |", "|" + " --- |" * frame.shape[1]]
    for row in frame.itertuples(index=False):
        cells = [f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell) for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables of the sets that are named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--online-retail", type=Path)
    parser.add_argument("--cdnow", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=[4, 5, 6])
    options = parser.parse_args()
    if options.online_retail:
        users = online_retail(options.online_retail)
        ledger = trap(users)
        print(f"## UCI Online Retail: raw RFM of {len(users):,} customers, k from 2\n")
        print(table(ledger.reset_index()), "\n")
        kept = refits(users, options.counts)
        print(f"## UCI Online Retail: {REFITS} re-fits on {SAMPLE_SHARE:.0%} samples, log RFM\n")
        print("Share of all customers who keep their segment: mean (smallest).\n")
        grouped = kept.groupby("k").agg(["mean", "min"])
        means = pd.DataFrame(
            {
                name: [
                    f"{mean:.3f} ({least:.3f})"
                    for mean, least in grouped[name].itertuples(index=False)
                ]
                for name in kept.columns[1:]
            },
            index=[f"k = {count}" for count in grouped.index],
        ).T
        print(table(means.rename_axis("how").reset_index()), "\n")
    if options.cdnow:
        for count in options.counts:
            months = month_to_month(cdnow(options.cdnow), count)
            print(f"## CDNOW, month to month, k = {count}\n")
            print(table(months), "\n")
            print(
                f"Mean: moved {months['moved'].mean():.3f}, of these by the model"
                f" {months['by the model'].sum() / months['moved'].sum():.3f}; same name by old"
                f" and new model {months['same name by old and new model'].mean():.3f}"
                f" (smallest {months['same name by old and new model'].min():.3f}), cold"
                f" {months['the same, cold MiniBatchKMeans matched'].mean():.3f}.\n"
            )


if __name__ == "__main__":
    main()
