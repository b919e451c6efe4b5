"""Does every row and every cent of a user's file stand in the marts?

    reconcile.py NAME FILE HOME

The file is read with Python's own readers and decimals, and shares no code with the
models or the recipes. Input must equal what was kept plus duplicates plus what was
quarantined, by rows and by money, with no residual.
"""

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet

TENTH_OF_A_MILL = Decimal("0.0001")
EXPLAINED_SHARE = Decimal("0.01")
EXPLANATIONS = {
    "duplicate": "copies of a record that the file holds more than once",
    "impossible_time": "records whose time cannot be true",
    "no_id": "records that name nobody",
    "unparsable": "records that could not be read; landing/rejects has file, line and reason",
    "no_consent": "visitors who refused analytics",
    "bot_behaviour": "whole sessions faster than a person can click",
    "bot_pattern": "user agents of known bots",
}


def money(value: object) -> Decimal:
    """A number as the file writes it, to four decimals, halves away from zero."""
    if value is None or value == "":
        return Decimal(0)
    # str() of a float is the shortest text that reads back as it: what the file meant
    return Decimal(str(value)).quantize(TENTH_OF_A_MILL, ROUND_HALF_UP)


def records(file: Path) -> Iterator[dict]:
    """The records of a parquet, CSV or JSON-lines file, plain or gzipped, one by one."""
    name = file.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        for batch in pyarrow.parquet.ParquetFile(file).iter_batches():
            yield from batch.to_pylist()
        return
    opened = gzip.open(file) if file.suffix == ".gz" else file.open("rb")
    with io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as text:
        if name.endswith(".csv"):
            yield from csv.DictReader(text)
        else:
            yield from (json.loads(line) for line in text if line.strip())


def online_retail(record: dict) -> Decimal:
    """Money of an invoice line."""
    price = record.get("UnitPrice", record.get("Price"))
    return (money(record["Quantity"]) * money(price)).quantize(TENTH_OF_A_MILL)


def merchandise_store(record: dict) -> Decimal:
    """Money of a GA4 event: of purchases only, the order's own sum before its items'."""
    if record["event_name"] != "purchase":
        return Decimal(0)
    ecommerce = record.get("ecommerce") or {}
    for name in ("purchase_revenue_in_usd", "purchase_revenue"):
        if ecommerce.get(name) is not None:
            return money(ecommerce[name])
    total = Decimal(0)
    for item in record.get("items") or []:
        earned = item.get("item_revenue_in_usd", item.get("item_revenue"))
        if earned is None and item.get("price") is not None:
            if item.get("quantity") is not None:
                earned = money(item["price"]) * money(item["quantity"])
        total += money(earned)
    return total


def rees46(record: dict) -> Decimal:
    """Money of a shop event: the price of what was bought."""
    return money(record["price"]) if record["event_type"] == "purchase" else Decimal(0)


SETS = {
    # set: money of a record, source, table, and the mart's own rows and money
    "online_retail": (
        online_retail,
        "crm",
        "order_lines",
        "select sum(line_count), sum(revenue) from marts.fct_orders",
    ),
    "merchandise_store": (
        merchandise_store,
        "ga4",
        "events",
        "select count(*), sum(revenue) from marts.fct_events where source = 'ga4'",
    ),
    "rees46": (
        rees46,
        "web",
        "events",
        "select count(*), sum(revenue) from marts.fct_events where source = 'web'",
    ),
}


def reconcile(name: str, file: Path, home: Path) -> bool:
    """Print the account of a set and return whether it closes."""
    worth, source, table, mart = SETS[name]
    rows_in, money_in = 0, Decimal(0)
    for record in records(file):
        rows_in += 1
        money_in += worth(record)
    published = home / "published" / "kindred.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        outcomes = connection.execute(
            "select outcome, sum(row_count), sum(amount) from marts.fct_row_outcomes "
            "where source = ? and source_table = ? and outcome <> 'kept' group by outcome "
            "order by outcome",
            [source, table],
        ).fetchall()
        kept = connection.execute(mart).fetchall()[0]
    lines = [("in the file", rows_in, money_in), ("in the marts", *kept), *outcomes]
    lines = [(label, int(rows or 0), Decimal(sum_ or 0)) for label, rows, sum_ in lines]
    rows_left = rows_in - sum(rows for _, rows, _ in lines[1:])
    money_left = money_in - sum(sum_ for _, _, sum_ in lines[1:])
    print(f"\n{name}: {file.name}")
    for label, rows, sum_ in [*lines, ("residual", rows_left, money_left)]:
        print(f"  {label:<16} {rows:>12,} rows {sum_:>20,.4f}")
    for label, rows, _ in lines[2:]:
        if rows_in and Decimal(rows) / rows_in > EXPLAINED_SHARE:
            why = EXPLANATIONS.get(label, "see docs/architecture.md for the outcome")
            print(f"  {100 * rows / rows_in:.1f} % {label}: {why}")
    return rows_left == 0 and money_left == 0


if __name__ == "__main__":
    closes = reconcile(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    if not closes:
        sys.exit("reconcile: the account does not close")
