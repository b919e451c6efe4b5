"""How near do the ways to fill a gap come to values that were hidden on purpose?

    python benchmarks/imputation.py --home HOME
    python benchmarks/imputation.py --online-retail FILE

Reads the fit sample of a home that was built, or makes features of the customers of the UCI
Online Retail set (parquet, its own column names). For each numeric feature of the catalogue
a share of the known values is hidden, every feature by its own draw; every way learns on
what is left and fills the gaps. Printed is the root mean square error of the filled
values in standard deviations of the cleaned feature, and its ratio to the median's.
scikit-learn's imputers, which see every user of the sample, stand beside.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer

from kindred.segmentation import cleaning

WAYS = ("median", "knn", "model")


def read_sample(home: Path) -> tuple[pd.DataFrame, list[cleaning.Treatment]]:
    """The fit sample of a build and the catalogue it was fitted by."""
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        sample = build.execute("from segmentation.seg_fit_sample order by user_id").df()
        catalog = build.execute("from seeds.feature_catalog").df()
    treatments = cleaning.read_catalog(catalog)
    return sample, [one for one in treatments if one.kind == "numeric"]


RETAIL = """
    with lines as (
        select * from read_parquet(?)
        where CustomerID is not null and Quantity > 0 and UnitPrice > 0
    ),
    orders as (
        select
            CustomerID, InvoiceNo, max(InvoiceDate) as ordered_at, count(*) as line_count,
            sum(Quantity) as units, sum(Quantity * UnitPrice) as revenue
        from lines group by CustomerID, InvoiceNo
    ),
    goods as (
        select CustomerID, count(distinct StockCode) as product_count, avg(UnitPrice) as unit_price
        from lines group by CustomerID
    )
    select
        cast(CustomerID as varchar) as user_id,
        date_diff('day', max(ordered_at), (select max(ordered_at) from orders)) as recency_days,
        date_diff('day', min(ordered_at), (select max(ordered_at) from orders)) as tenure_days,
        count(*) as order_count, sum(revenue) as revenue, avg(revenue) as average_order_value,
        max(revenue) as largest_order, avg(line_count) as lines_per_order,
        avg(units) as units_per_order, any_value(product_count) as product_count,
        any_value(unit_price) as unit_price,
        date_diff('day', min(ordered_at), max(ordered_at)) / nullif(count(*) - 1, 0) as gap_days
    from orders inner join goods using (CustomerID)
    group by CustomerID order by user_id
"""


def online_retail(file: Path) -> tuple[pd.DataFrame, list[cleaning.Treatment]]:
    """One row per customer who bought, each feature held by z-score and bent by log1p."""
    sample = duckdb.execute(RETAIL, [str(file)]).df()
    treatments = [
        cleaning.Treatment(
            feature=feature,
            is_clustered=True,
            kind="numeric",
            impute="median",
            impute_constant=None,
            outlier_method="zscore",
            outlier_action="cap",
            transform="log1p",
            scale="standard",
            encode="none",
            encode_top_count=None,
            weight=1.0,
        )
        for feature in sample.columns.drop("user_id")
    ]
    return sample, treatments


def hide(
    sample: pd.DataFrame, features: list[str], share: float, seed: int
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """A copy with gaps, and where they are."""
    generator = np.random.default_rng(seed)
    holed, gaps = sample.copy(), {}
    for feature in features:
        known = ~np.isnan(cleaning.numbers_of(sample[feature]))
        gaps[feature] = known & (generator.random(len(sample)) < share)
        holed[feature] = np.where(gaps[feature], np.nan, cleaning.numbers_of(sample[feature]))
    return holed, gaps


def errors(filled, truth, gaps) -> dict[str, float]:
    """Root mean square error by feature."""
    return {
        feature: float(np.sqrt(np.mean((filled[feature] - truth[feature])[gap] ** 2)))
        for feature, gap in gaps.items()
        if gap.any()
    }


def compare(sample, treatments, *, share: float = 0.2, seed: int = 20_260_101) -> pd.DataFrame:
    """Error of each way and feature; the last row is the mean."""
    features = [one.feature for one in treatments if cleaning.numbers_of(sample[one.feature]).size]
    holed, gaps = hide(sample, features, share, seed)
    # one scale for all: what the median way learned from the gapped sample
    rows, _ = cleaning.learn(
        holed, [cleaning.replace(one, impute="median") for one in treatments], seed=seed
    )
    scale = cleaning.Learned.read(rows)
    truth = cleaning.standard_numbers(sample, scale)
    spread = {name: np.nanstd(values) for name, values in truth.items()}
    found = {}
    for way in WAYS:
        began = time.perf_counter()
        asked = [cleaning.replace(one, impute=way, impute_constant=None) for one in treatments]
        learned = cleaning.Learned.read(cleaning.learn(holed, asked, seed=seed)[0])
        own = cleaning.filled_numbers(holed, learned)
        # each way learned a scale of its own: compare on one
        moved = {
            name: (
                values * learned.numbers[name]["scale"]
                + learned.numbers[name]["center"]
                - scale.numbers[name]["center"]
            )
            / scale.numbers[name]["scale"]
            for name, values in own.items()
        }
        found[way] = errors(moved, truth, gaps)
        print(f"{way}: learned and filled in {time.perf_counter() - began:.1f} s")
    holed_standard = pd.DataFrame(cleaning.standard_numbers(holed, scale))
    for name, imputer in {
        "KNNImputer": KNNImputer(),
        "IterativeImputer": IterativeImputer(random_state=seed % 2**32),
    }.items():
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            filled = imputer.set_output(transform="pandas").fit_transform(holed_standard)
        found[name] = errors({column: filled[column].to_numpy() for column in filled}, truth, gaps)
        print(f"{name}: {time.perf_counter() - began:.1f} s")
    table = pd.DataFrame(found)
    table = table.div(pd.Series(spread).reindex(table.index), axis=0)
    table = table[np.isfinite(table).all(axis=1)]
    table.loc["mean"] = table.mean()
    return table


def main() -> None:
    """Print the table of a home."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", default=os.environ.get("KINDRED_HOME") or "data")
    parser.add_argument("--online-retail", type=Path)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=20_260_101)
    options = parser.parse_args()
    if options.online_retail:
        sample, treatments = online_retail(options.online_retail)
    else:
        sample, treatments = read_sample(Path(options.home))
    table = compare(sample, treatments, share=options.share, seed=options.seed)
    print(f"{len(sample):,} users, {options.share:.0%} of the known values hidden")
    print(table.round(3).to_string())
    ratio = table.loc["mean"] / table.loc["mean", "median"]
    print("ratio to the median's error:", ratio.round(3).to_dict())


if __name__ == "__main__":
    main()
