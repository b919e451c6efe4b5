"""What a tutorial would have one write: the outputs of bare_duckdb.py, in pandas, all in memory.

Usage: article_pandas.py <events.parquet>
"""

import sys
import time

import numpy as np
import pandas as pd
from bare_duckdb import cluster


def sessions_of(path: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return events with their session, and one row per session."""
    events = pd.read_parquet(path).drop_duplicates("event_id")
    events = events.sort_values(["user_id", "occurred_at"], kind="stable")
    gap = events.groupby("user_id").occurred_at.diff()
    starts = gap.isna() | gap.gt(pd.Timedelta(minutes=30))
    events["session_number"] = starts.groupby(events.user_id).cumsum()
    for column, name in (
        ("purchases", "purchase"),
        ("carts", "add_to_cart"),
        ("views", "view_item"),
    ):
        events[column] = events.event_name.eq(name)
    grouped = events.groupby(["user_id", "session_number"], sort=False)
    sessions = grouped.agg(
        started_at=("occurred_at", "min"),
        ended_at=("occurred_at", "max"),
        events=("occurred_at", "size"),
        purchases=("purchases", "sum"),
        carts=("carts", "sum"),
        views=("views", "sum"),
        revenue=("revenue", "sum"),
        products=("product_id", "nunique"),
        channel=("channel", "first"),
        device=("device", "first"),
    )
    return events, sessions.reset_index()


def features_of(sessions: pd.DataFrame) -> pd.DataFrame:
    """Return one row of numbers per user."""
    sessions = sessions.assign(seconds=(sessions.ended_at - sessions.started_at).dt.total_seconds())
    features = sessions.groupby("user_id").agg(
        sessions=("session_number", "size"),
        seconds=("seconds", "mean"),
        events=("events", "sum"),
        purchases=("purchases", "sum"),
        revenue=("revenue", "sum"),
        carts=("carts", "sum"),
        views=("views", "sum"),
        products=("products", "mean"),
        last=("ended_at", "max"),
    )
    since = pd.Timestamp("2026-11-01") - features.pop("last")
    return features.assign(recency=since.dt.total_seconds() // 3600)


def triggers_of(events: pd.DataFrame, sessions: pd.DataFrame) -> tuple[int, int]:
    """Count third views within a day, and sessions with a cart and no purchase."""
    views = events[events.views].sort_values(["user_id", "product_id", "occurred_at"])
    third_last = views.groupby(["user_id", "product_id"]).occurred_at.shift(2)
    viewed = (views.occurred_at - third_last).le(pd.Timedelta(hours=24)).sum()
    return int(viewed), int((sessions.carts.gt(0) & sessions.purchases.eq(0)).sum())


def main(path: str) -> None:
    """Run it all and print the seconds."""
    began = time.perf_counter()
    events, sessions = sessions_of(path)
    features = features_of(sessions)
    triggers_of(events, sessions)
    cluster(features.astype(float).to_numpy(dtype=np.float64))
    print(f"total {time.perf_counter() - began:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
