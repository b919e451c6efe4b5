"""The floor: the least that turns an events file into sessions, features, triggers and clusters.

One statement a table, no identity, no lateness, no tests, nothing kept for the next hour.
Usage: bare_duckdb.py <events.parquet> <scratch.duckdb>
"""

import sys
import time

import duckdb
import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

TABLES = {
    "events": """
        from read_parquet('{events}')
        qualify row_number() over (partition by event_id order by occurred_at) = 1""",
    "sessionized": """
        with marked as (
            select *, coalesce(
                occurred_at - lag(occurred_at) over visits > interval 30 minute, true) as is_start
            from events
            window visits as (partition by user_id order by occurred_at)
        )
        select *, sum(is_start::int) over (
            partition by user_id order by occurred_at rows unbounded preceding) as session_number
        from marked""",
    "sessions": """
        select user_id, session_number, min(occurred_at) as started_at,
            max(occurred_at) as ended_at, count(*) as events,
            count(*) filter (event_name = 'purchase') as purchases,
            count(*) filter (event_name = 'add_to_cart') as carts,
            count(*) filter (event_name = 'view_item') as views,
            sum(revenue) as revenue, count(distinct product_id) as products,
            arg_min(channel, occurred_at) as channel, arg_min(device, occurred_at) as device
        from sessionized group by user_id, session_number""",
    "features": """
        select user_id, count(*) as sessions, avg(epoch(ended_at - started_at)) as seconds,
            sum(events) as events, sum(purchases) as purchases,
            coalesce(sum(revenue), 0) as revenue, sum(carts) as carts, sum(views) as views,
            avg(products) as products,
            date_diff('hour', max(ended_at), timestamp '2026-11-01') as recency
        from sessions group by user_id""",
    "viewed_three_times": """
        with views as (
            select user_id, product_id, occurred_at, lag(occurred_at, 2) over (
                partition by user_id, product_id order by occurred_at) as third_last
            from events where event_name = 'view_item'
        )
        select user_id, product_id, occurred_at from views
        where occurred_at - third_last <= interval 24 hour""",
    "abandoned_carts": """
        select user_id, session_number from sessions where carts > 0 and purchases = 0""",
}


def main(events: str, database: str) -> None:
    """Run it all and print the seconds of each step."""
    began = time.perf_counter()
    connection = duckdb.connect(database)
    connection.execute(
        "set threads = 2; set preserve_insertion_order = false; set memory_limit = '8GB'"
    )
    for name, query in TABLES.items():
        step = time.perf_counter()
        connection.execute(f"create or replace table {name} as {query.format(events=events)}")
        print(f"{name} {time.perf_counter() - step:.2f}", flush=True)
    columns = connection.execute("select * exclude (user_id) from features").fetchnumpy()
    cluster(np.column_stack([np.asarray(values, float) for values in columns.values()]))
    print(f"total {time.perf_counter() - began:.2f}")


def cluster(features: np.ndarray) -> None:
    """Fit k-means for each k from 3 to 8 on all rows and judge it on ten thousand."""
    scaled = StandardScaler().fit_transform(np.log1p(np.maximum(features, 0)))
    size = min(10_000, len(scaled))
    sample = np.random.default_rng(0).choice(len(scaled), size, replace=False)
    for k in range(3, 9):
        model = MiniBatchKMeans(k, n_init=3, random_state=0, batch_size=4096)
        silhouette_score(scaled[sample], model.fit_predict(scaled)[sample])


if __name__ == "__main__":
    main(*sys.argv[1:])
