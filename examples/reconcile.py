"""Compare a user's file with the marts built from it, to the row and the cent.

    python examples/reconcile.py NAME FILE HOME

It reads the file with pyarrow and Python's json and counts with Decimal; it shares no
code with the recipes or the models. Money is exact on four decimals: each value is
rounded half up from its shortest decimal text, as the landing zone does. Exit code 1
when a row or a cent is left over, 2 when there is nothing to compare.
"""

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

ZERO = Decimal(0)
CHUNK_ROWS = 500_000
EXPLAINED_SHARE = Decimal("0.01")
REASONS = {
    "unparsable": "lines that are no record, or hold a time or number that is none",
    "no_id": "rows that name neither a visitor nor an order, so they belong to nobody",
    "impossible_time": "rows without a readable time, or from before 1990",
    "erased": "rows of people who asked to be forgotten",
    "duplicate": (
        "the same event told again (equal visitor, session, moment, event, product and "
        "price); the file gives events no id, so a copy cannot be told from a second "
        "deed in the same second"
    ),
    "bot_pattern": "visits of programs that say so in their user agent",
    "no_consent": "visitors who refused to be measured",
    "bot_behaviour": "whole sessions that are too fast or too long for a person",
    "after_as_of": "rows from after the moment that was built",
}


class ReconciliationError(Exception):
    """There is nothing to compare; the message says what is missing."""


@dataclass
class Tally:
    """Rows and money, in the currency of the file."""

    rows: int = 0
    money: Decimal = ZERO

    def add(self, rows: int, money: Decimal) -> None:
        """Count some more."""
        self.rows += rows
        self.money += money


@dataclass(frozen=True)
class Target:
    """Where a set ends up: its inbox table and what the marts keep of it."""

    table: str
    kept: str


TARGETS = {
    "online_retail": Target(
        "crm/order_lines",
        "select sum(line_count), sum(revenue) from marts.fct_orders where source = 'crm'",
    ),
    "merchandise_store": Target(
        "ga4/events",
        "select count(*), sum(revenue) from marts.fct_events where source = 'ga4'",
    ),
    "rees46": Target(
        "web/events",
        "select count(*), sum(revenue) from marts.fct_events where source = 'web'",
    ),
}


# --- the user's file -----------------------------------------------------------------


def decimal_of(value: object) -> Decimal | None:
    """A number on four decimals, half up; None for what is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
        if number.is_finite():
            return number.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    except InvalidOperation:
        pass
    return None


def _times(price: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    if price is None or quantity is None:
        return None
    return (price * quantity).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _first(*values: Decimal | None) -> Decimal | None:
    return next((value for value in values if value is not None), None)


def _total(values: list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, ZERO) if known else None


def ga4_money(event: object) -> Decimal:
    """What a GA4 purchase or refund is worth; 0 for any other event.

    The event's own revenue, else the sum over its items of their revenue, else price
    times quantity. In US dollars where the event does not name its currency.
    """
    if not isinstance(event, dict) or event.get("event_name") not in (
        "purchase",
        "refund",
    ):
        return ZERO
    parameters = {
        one.get("key"): next((x for x in (one.get("value") or {}).values() if x is not None), None)
        for one in event.get("event_params") or []
    }
    order = event.get("ecommerce") or {}
    items = [
        {key: decimal_of(value) for key, value in item.items()} for item in event.get("items") or []
    ]
    kind = "purchase_revenue" if event["event_name"] == "purchase" else "refund_value"
    local = [
        _first(
            item.get("item_revenue"),
            _times(item.get("price"), item.get("quantity")),
            -item["item_refund"] if item.get("item_refund") is not None else None,
        )
        for item in items
    ]
    dollars = [
        _first(
            item.get("item_revenue_in_usd"),
            _times(item.get("price_in_usd"), item.get("quantity")),
            item.get("item_revenue"),
            _times(item.get("price"), item.get("quantity")),
        )
        for item in items
    ]
    has_dollars = any(
        order.get(f"{one}_in_usd") is not None for one in ("purchase_revenue", "refund_value")
    ) or any(
        item.get("item_revenue_in_usd") is not None or item.get("price_in_usd") is not None
        for item in items
    )
    if has_dollars and not parameters.get("currency"):
        money = _first(decimal_of(order.get(f"{kind}_in_usd")), _total(dollars))
    else:
        money = _first(
            decimal_of(order.get(kind)),
            _total(local),
            decimal_of(parameters.get("value")),
        )
    money = money or ZERO
    return money if kind == "purchase_revenue" else -abs(money)


def _ga4_chunks(path: Path) -> Iterator[list[object]]:
    if _ending(path) == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches(batch_size=20_000):
            yield batch.to_pylist()
        return
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
        if lines.read(1) == "[":
            lines.seek(0)
            yield json.loads(lines.read().lstrip("\ufeff"), parse_float=Decimal)
            return
        lines.seek(0)
        chunk: list[object] = []
        for line in lines:
            if not line.strip(" \t\r\n\ufeff"):
                continue
            try:
                chunk.append(json.loads(line.lstrip("\ufeff"), parse_float=Decimal))
            except ValueError:
                chunk.append(None)
            if len(chunk) >= 20_000:
                yield chunk
                chunk = []
        yield chunk


def _table_chunks(path: Path, wanted: dict[str, tuple[str, ...]]) -> Iterator[pa.Table]:
    """Columns as text under the names of ``wanted``, bounded in rows."""
    if _ending(path) == ".parquet":
        file = pq.ParquetFile(path)
        names = _named(file.schema_arrow.names, wanted)
        batches = file.iter_batches(batch_size=CHUNK_ROWS, columns=list(names))
    else:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as text:
            head = text.readline().decode("utf-8-sig", "replace").strip()
        separator = max(",;\t", key=head.count)
        header = [name.strip('"') for name in head.split(separator)]
        names = _named(header, wanted)
        batches = pa_csv.open_csv(
            path,
            read_options=pa_csv.ReadOptions(block_size=1 << 25),
            parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                include_columns=list(names),
                column_types={name: pa.string() for name in names},
                check_utf8=False,
            ),
        )
    for batch in batches:
        yield pa.table({names[one]: pc.cast(batch.column(one), pa.string()) for one in names})


def _named(present: list[str], wanted: dict[str, tuple[str, ...]]) -> dict[str, str]:
    names = {
        one: name
        for name, spellings in wanted.items()
        for one in present
        if one.strip().lower().replace(" ", "").replace("_", "") in spellings
    }
    if len(names) < len(wanted):
        raise ReconciliationError(f"columns {list(wanted)} are not all among {present}")
    return names


def _sum_of_lines(table: pa.Table) -> Decimal:
    pairs = table.group_by(["quantity", "price"]).aggregate([([], "count_all")])
    money = ZERO
    for row in pairs.to_pylist():
        amount = _times(decimal_of(row["price"]), decimal_of(row["quantity"]))
        money += (amount or ZERO) * row["count_all"]
    return money


def _sum_of_purchases(table: pa.Table) -> Decimal:
    bought = table.filter(pc.equal(table["event_type"], "purchase"))
    prices = bought.group_by("price").aggregate([([], "count_all")])
    return sum(
        ((decimal_of(row["price"]) or ZERO) * row["count_all"] for row in prices.to_pylist()),
        ZERO,
    )


def _chunks(name: str, path: Path) -> Iterator[tuple[int, list | pa.Table]]:
    if name == "merchandise_store":
        chunks = _ga4_chunks(path)
    elif name == "online_retail":
        chunks = _table_chunks(
            path,
            {"quantity": ("quantity",), "price": ("unitprice", "price")},
        )
    else:
        chunks = _table_chunks(path, {"event_type": ("eventtype",), "price": ("price",)})
    first = 1
    for chunk in chunks:
        yield first, chunk
        first += len(chunk)


def _money(name: str, chunk: list | pa.Table) -> Decimal:
    if name == "merchandise_store":
        return sum((ga4_money(event) for event in chunk), ZERO)
    return (_sum_of_lines if name == "online_retail" else _sum_of_purchases)(chunk)


def read_input(
    name: str, files: list[Path], rejected: dict[str, set[int]]
) -> tuple[Tally, Decimal]:
    """Rows and money of the files, and the money in the records that landing rejected.

    ``rejected`` has the numbers of those records, from 1, by the file's name without
    its endings.
    """
    total, rejected_money = Tally(), ZERO
    for path in files:
        numbers = sorted(rejected.get(_stem(path), ()))
        for first, chunk in _chunks(name, path):
            total.add(len(chunk), _money(name, chunk))
            here = [one - first for one in numbers if first <= one < first + len(chunk)]
            if here:
                some = [chunk[one] for one in here] if isinstance(chunk, list) else chunk.take(here)
                rejected_money += _money(name, some)
    return total, rejected_money


def _ending(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rsplit(".", 1)[0]


# --- the marts -----------------------------------------------------------------------


def rejected_records(home: Path, table: str) -> dict[str, set[int]]:
    """Numbers of the records that landing rejected, by the file's bare name."""
    batches = home / "landing" / "rejects"
    found: dict[str, set[int]] = defaultdict(set)
    for path in sorted(batches.glob("batch=*/*.parquet")):
        for row in pq.ParquetFile(path).read().to_pylist():
            if f"{row['source']}/{row['source_table']}" == table and row["source_line"]:
                found[_stem(Path(row["source_file"]))].add(row["source_line"])
    return found


def read_marts(target: Target, home: Path) -> tuple[Tally, dict[str, Tally]]:
    """What the marts keep, and all rows and money by outcome."""
    published = home / "published" / "kindred.duckdb"
    path = published if published.exists() else home / "kindred_build.duckdb"
    if not path.exists():
        raise ReconciliationError(f"{home} has no build yet; run `make example` first")
    source, table = target.table.split("/")
    with duckdb.connect(str(path), read_only=True) as connection:
        rows, money = connection.execute(target.kept).fetchall()[0]
        outcomes = connection.execute(
            "select outcome, sum(row_count), sum(amount) from marts.fct_row_outcomes "
            "where source = ? and source_table = ? group by outcome order by outcome",
            [source, table],
        ).fetchall()
    return (
        Tally(int(rows or 0), money or ZERO),
        {outcome: Tally(int(count), amount) for outcome, count, amount in outcomes},
    )


# --- the comparison ------------------------------------------------------------------


def reconcile(name: str, pattern: str, home: Path) -> tuple[list[str], bool]:
    """The lines of the report, and whether nothing is left over.

    Raises ReconciliationError for an unknown set, a missing file or a missing build.
    """
    if name not in TARGETS:
        raise ReconciliationError(f"there is no set {name!r}; there are {', '.join(TARGETS)}")
    target = TARGETS[name]
    path = Path(pattern).expanduser()
    files = [path] if path.is_file() else sorted(path.parent.glob(path.name))
    files = [file for file in files if file.is_file()]
    if not files:
        raise ReconciliationError(f"there is no file {pattern}")
    kept, outcomes = read_marts(target, home)
    given, rejected_money = read_input(name, files, rejected_records(home, target.table))
    counted = outcomes.pop("kept", Tally())
    if "unparsable" in outcomes:
        # the marts cannot know what a record is worth that could not be read
        outcomes["unparsable"].money += rejected_money
    left = Tally(
        given.rows - kept.rows - sum(one.rows for one in outcomes.values()),
        given.money - kept.money - sum((one.money for one in outcomes.values()), ZERO),
    )
    lines = [f"{name:<18}{'rows':>15}{'money':>24}"]
    table = {"input": given, "kept": kept, **outcomes, "residual": left}
    lines += [f"{label:<18}{one.rows:>15,}{one.money:>24,.4f}" for label, one in table.items()]
    is_even = left == Tally()
    if not is_even:
        lines.append("The marts do not account for the file: see the residual.")
    if counted != kept:
        is_even = False
        lines.append(
            f"fct_row_outcomes counts {counted.rows:,} rows and {counted.money:,.4f} "
            f"as kept; the marts hold {kept.rows:,} and {kept.money:,.4f}."
        )
    for outcome, one in outcomes.items():
        if given.rows and Decimal(one.rows) / given.rows > EXPLAINED_SHARE:
            share = 100 * Decimal(one.rows) / given.rows
            reason = REASONS.get(outcome, "see docs/sources.md")
            lines.append(f"{share:.1f} % of the rows are {outcome}: {reason}.")
    return lines, is_even


def main(arguments: list[str]) -> int:
    """Print the report; 0 when it adds up, 1 when not, 2 when it cannot be made."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        lines, is_even = reconcile(arguments[0], arguments[1], Path(arguments[2]))
    except (ReconciliationError, OSError, pa.ArrowException, duckdb.Error) as error:
        print(f"reconcile {arguments[0]}: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0 if is_even else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
