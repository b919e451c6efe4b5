"""Turn a user's file of a known real set into inbox files: run.py NAME FILE HOME."""

import gzip
import re
import shutil
import sys
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
# what a recipe reads, and under which names the column goes in the editions of the set
COLUMNS = {
    "online_retail": {
        "invoice": ("InvoiceNo", "Invoice"),
        "stock_code": ("StockCode",),
        "description": ("Description",),
        "quantity": ("Quantity",),
        "invoice_date": ("InvoiceDate",),
        "price": ("UnitPrice", "Price"),
        "customer": ("CustomerID", "Customer ID"),
        "country": ("Country",),
    },
    "rees46": {
        name: (name,)
        for name in (
            "event_time",
            "event_type",
            "product_id",
            "category_code",
            "brand",
            "price",
            "user_id",
            "user_session",
        )
    },
}
SETS = (*COLUMNS, "merchandise_store")


class RecipeError(Exception):
    """The file does not fit the recipe; the message names the file and what is missing."""


def prepare(name: str, file: Path, home: Path) -> Path:
    """Write the inbox of ``home`` from a user's file; a former inbox there is replaced.

    Landing and build of a former run go too, so that a second run gives the same. Raises
    RecipeError for an unknown set, a missing file or missing columns.
    """
    if name not in SETS:
        raise RecipeError(f"there is no set {name!r}; sets are {', '.join(SETS)}")
    if not file.is_file():
        raise RecipeError(f"{file} is no file; see examples/README.md for where to get it")
    for former in ("inbox", "landing", "exports", "published"):
        shutil.rmtree(home / former, ignore_errors=True)
    for former in home.glob("kindred_build.duckdb*"):
        former.unlink()
    inbox = home / "inbox"
    if name == "merchandise_store":
        _copy_ga4(file, inbox / "ga4" / "events")
        return inbox
    recipe = (HERE / name / "recipe.sql").read_text()
    for table in re.findall(r"'/(\w+/\w+)/", recipe):
        (inbox / table).mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set variable inbox = ?", [str(inbox)])
        _view(connection, name, file)
        connection.execute(recipe)
    return inbox


def _view(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    text = str(file).replace("'", "''")
    is_parquet = file.suffix == ".parquet"
    reader = (
        f"read_parquet('{text}')"
        if is_parquet
        else f"read_csv('{text}', header = true, all_varchar = true)"
    )
    present = [row[0] for row in connection.execute(f"describe from {reader}").fetchall()]
    chosen = []
    for wanted, editions in COLUMNS[name].items():
        found = next((one for one in editions if one in present), None)
        if found is None:
            raise RecipeError(
                f"{file} has no column {' or '.join(editions)}; it has {', '.join(present)}"
            )
        chosen.append(f'"{found}" as {wanted}')
    connection.execute(f"create view given as select {', '.join(chosen)} from {reader}")


def _copy_ga4(file: Path, folder: Path) -> None:
    """Copy an export; in JSON lines each record gets its own time as ``loaded_at``."""
    folder.mkdir(parents=True)
    if ".parquet" in file.suffixes:
        shutil.copyfile(file, folder / file.name)
        return
    moment = re.compile(rb'"event_timestamp"\s*:\s*"?(\d+)')
    opened = gzip.open if file.suffix == ".gz" else open
    target = folder / f"{file.name.removesuffix('.gz')}.gz"
    with opened(file, "rb") as lines, gzip.open(target, "wb", compresslevel=1) as out:
        for line in lines:
            found = moment.search(line)
            start = line.find(b"{")
            if found and start >= 0 and b'"loaded_at"' not in line:
                head = b'{"loaded_at":"' + found[1] + b'",'
                line = head + line[start + 1 :]
            out.write(line)


if __name__ == "__main__":
    try:
        print(f"wrote {prepare(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))}")
    except RecipeError as error:
        sys.exit(f"example: {error}")
