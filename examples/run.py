"""Turn a public data set, as downloaded, into the inbox of a home of its own.

    python examples/run.py NAME FILE HOME

FILE is a path or a pattern in quotes (several files). The recipe is
``examples/NAME/recipe.sql``; ``make example`` runs this and all steps after it.
"""

import gzip
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

MARKER = ".example"
ENDINGS = (".parquet", ".csv", ".json", ".jsonl", ".ndjson")


class ExampleError(Exception):
    """The file cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Example:
    """A set: the inbox tables its recipe fills and the columns its files must have.

    ``columns`` maps the recipe's name of a column to the names it may have in the file,
    compared without case, spaces and underscores. None: the file holds JSON records.
    """

    tables: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    optional: frozenset[str] = frozenset()


EXAMPLES = {
    "online_retail": Example(
        tables=("crm/order_lines", "crm/customers"),
        columns={
            "invoice": ("InvoiceNo", "Invoice"),
            "stock_code": ("StockCode",),
            "description": ("Description",),
            "quantity": ("Quantity",),
            "invoice_date": ("InvoiceDate",),
            "unit_price": ("UnitPrice", "Price"),
            "customer": ("CustomerID",),
            "country": ("Country",),
        },
        optional=frozenset({"description", "customer", "country"}),
    ),
    "merchandise_store": Example(tables=("ga4/events",), columns={}),
    "rees46": Example(
        tables=("web/events",),
        columns={
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
        optional=frozenset({"category_code", "brand", "user_session"}),
    ),
}


def run(name: str, pattern: str, home: Path) -> list[Path]:
    """Replace the inbox of ``home`` by what the recipe makes of the files; return them.

    What was landed and built from a former inbox goes with it. Raises ExampleError for
    an unknown set, a file that cannot be used, or a home that is no example's.
    """
    if name not in EXAMPLES:
        raise ExampleError(f"there is no set {name!r}; there are {', '.join(EXAMPLES)}")
    files = files_of(pattern)
    is_foreign = any((home / part).exists() for part in ("inbox", "landing"))
    if is_foreign and not (home / MARKER).exists():
        raise ExampleError(
            f"{home} holds data that no example put there. An example replaces what lies "
            "in its home: name an empty folder, or delete this one if it may go."
        )
    home.mkdir(parents=True, exist_ok=True)
    work = home / ".inbox.tmp"
    shutil.rmtree(work, ignore_errors=True)
    for table in EXAMPLES[name].tables:
        (work / table).mkdir(parents=True)
    try:
        for path in files:
            _cook(name, path, work)
    except BaseException:
        shutil.rmtree(work)
        raise
    (home / MARKER).write_text(f"{name}\n", encoding="utf-8")
    for former in ("inbox", "landing", "exports", "published"):
        shutil.rmtree(home / former, ignore_errors=True)
    for former in home.glob("kindred_build.duckdb*"):
        former.unlink()
    work.rename(home / "inbox")
    return sorted(path for path in (home / "inbox").rglob("*") if path.is_file())


def files_of(pattern: str) -> list[Path]:
    """The files that a path or pattern names, in the order of their names."""
    path = Path(pattern).expanduser()
    files = [path] if path.is_file() else sorted(path.parent.glob(path.name))
    files = [file for file in files if file.is_file()]
    if not files:
        raise ExampleError(f"there is no file {pattern}")
    for file in files:
        if ending_of(file) not in ENDINGS:
            raise ExampleError(
                f"{file} is none of {', '.join(ENDINGS)}, plain or with .gz. "
                "Unpack a zip; save a spreadsheet as CSV, sheet by sheet."
            )
    if len({stem_of(file) for file in files}) < len(files):
        raise ExampleError(f"several files of {pattern} have the same name; rename them")
    return files


def ending_of(path: Path) -> str:
    """The ending that tells the format: ``.csv`` of ``a.csv.gz``."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def stem_of(path: Path) -> str:
    """The name without the endings: ``a`` of ``a.csv.gz``."""
    return path.name.removesuffix(".gz").rsplit(".", 1)[0]


def _cook(name: str, path: Path, inbox: Path) -> None:
    recipe = Path(__file__).with_name(name) / "recipe.sql"
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        # a bar is for a person who waits, not for a log
        bar = "true" if sys.stdout.isatty() else "false"
        connection.execute(f"set enable_progress_bar = {bar}")
        connection.execute("set temp_directory = ?", [str(inbox / ".spill")])
        variables = {"file": path, "inbox": inbox, "name": stem_of(path)}
        for variable, value in variables.items():
            connection.execute(f"set variable {variable} = {_quoted(value)}")
        try:
            notes = _ask(connection, EXAMPLES[name], path, recipe, encoding="utf-8")
        except duckdb.Error as error:
            reason = str(error)
            if ending_of(path) != ".csv" or "unicode" not in reason:
                raise ExampleError(f"{path} cannot be read: {reason}") from error
            # spreadsheets of old write Western European
            notes = _ask(connection, EXAMPLES[name], path, recipe, encoding="latin-1")
        except (OSError, EOFError) as error:
            raise ExampleError(f"{path} cannot be read: {error}") from error
    shutil.rmtree(inbox / ".spill", ignore_errors=True)
    for (note,) in notes:
        print(f"{path}: {note}")


def _ask(
    connection, example: Example, path: Path, recipe: Path, *, encoding: str
) -> list[tuple[str]]:
    """Run the recipe over the file; return what it notes."""
    _view(connection, example, path, encoding=encoding)
    return connection.execute(recipe.read_text("utf-8")).fetchall()


def _view(connection, example: Example, path: Path, *, encoding: str) -> None:
    """The relation ``given`` that the recipe reads."""
    ending = ending_of(path)
    if not example.columns:
        connection.execute(f"create or replace temp view given as {_records(path)}")
        return
    if ending not in (".csv", ".parquet"):
        raise ExampleError(f"{path} is neither CSV nor parquet, as this set is")
    reader = "read_parquet(getvariable('file'))"
    if ending == ".csv":
        with _opened(path) as text:
            header = text.readline().decode(encoding, "replace")
        separator = max(",;\t", key=header.count)
        reader = (
            "read_csv(getvariable('file'), header = true, all_varchar = true, "
            f"delim = {_quoted(separator)}, quote = '\"', escape = '\"', "
            f"encoding = '{encoding}')"
        )
    rows = connection.execute(f"describe select * from {reader}").fetchall()
    present = {_plain(row[0]): row[0] for row in rows}
    chosen, missing = [], []
    for column, names in example.columns.items():
        found = [present[_plain(one)] for one in names if _plain(one) in present]
        if not found and column not in example.optional:
            missing.append(" or ".join(names))
        given = '"' + found[0].replace('"', '""') + '"' if found else "null"
        chosen.append(f'cast({given} as varchar) as "{column}"')
    if missing:
        raise ExampleError(
            f"{path} lacks {', '.join(missing)}; it has "
            f"{', '.join(row[0] for row in rows)}. Is it the file of another set?"
        )
    connection.execute(
        f"create or replace temp view given as select {', '.join(chosen)} from {reader}"
    )


def _records(path: Path) -> str:
    """A query for the JSON records of a file, whatever holds them."""
    if ending_of(path) == ".parquet":
        return "select to_json(record) as record from read_parquet(getvariable('file')) as record"
    if ending_of(path) == ".csv":
        raise ExampleError(f"{path} is CSV, but this set's records are nested JSON")
    with _opened(path) as text:
        first = text.read(4096).lstrip()[:1]
    reader, shape = "read_ndjson_objects", "ignore_errors = true"
    if first == b"[":
        reader, shape = "read_json_objects", "format = 'array'"
    return (
        f"select json as record from {reader}(getvariable('file'), {shape}, "
        "maximum_object_size = 67108864)"
    )


def _opened(path: Path):
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def main(arguments: list[str]) -> int:
    """Run one example; 0 when it worked, 2 with one sentence when it did not."""
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        written = run(arguments[0], arguments[1], Path(arguments[2]))
    except ExampleError as error:
        print(f"example {arguments[0]}: {error}", file=sys.stderr)
        return 2
    for path in written:
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
