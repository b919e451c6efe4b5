"""A small warehouse of its own, fed batch by batch, to hold a build against another one."""

import json
import os
import random
import shutil
from pathlib import Path

import duckdb

from kindred.dbt_hooks import longest_path_first
from kindred.landing.contract import TABLES
from kindred.landing.layout import batch_folder, ensure_layout

PROJECT = Path(__file__).resolve().parents[2]

# what is a function of the landed rows alone, and so must not depend on when they were read
DERIVED = [
    "fct_events",
    "dim_identities",
    "fct_sessions",
    "fct_orders",
    "dim_users",
    "fct_user_features",
    "fct_trigger_firings",
    "fct_trigger_changes",
    "fct_row_outcomes",
]
_SELECTED = ("--select", *(f"+{name}" for name in DERIVED))
# an order line is told from its equals by its delivery, so a delivery is never taken apart
WHOLE = {("crm", "order_lines")}


class Warehouse:
    """One home, built by dbt in this process; its landing zone is written directly."""

    def __init__(self, home: Path, sample: Path):
        self.home, self.sample = home, sample
        self.landing = home / "landing"
        self.build = home / "kindred_build.duckdb"
        self._manifest = None

    def empty(self) -> None:
        """Forget everything: landing zone, build file and exports."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        ensure_layout(self.landing)
        self._last_batch = 0

    def dbt(self, *arguments: str) -> None:
        """Run dbt here; fails with what dbt said."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        os.environ["KINDRED_HOME"] = str(self.home)
        os.environ["KINDRED_LANDING"] = str(self.landing)
        runner = dbtRunner(manifest=self._manifest)
        common = ["--quiet", "--target-path", str(self.home.parent / "target")]
        common += ["--log-path", str(self.home.parent / "logs")]
        common += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        if self._manifest is None:
            self._manifest = runner.invoke(["parse", *common]).result
            runner = dbtRunner(manifest=self._manifest)
        result = runner.invoke([*arguments, *common])
        # dbt keeps the file open for as long as its process lives
        DuckDBConnectionManager.close_all_connections()
        failed = [
            f"{one.node.name}: {one.message}"
            for one in (result.result or [])
            if one.status not in ("success", "pass", "no-op")
        ]
        assert result.success, failed or result.exception

    def start_over(self) -> None:
        """Forget everything but the seeds."""
        self.empty()
        self.dbt("seed")

    def derive(self, *, anew: bool = False, slice_rows: int | None = None) -> None:
        """Build all derived tables, from nothing or on top of what is there."""
        arguments = ["--full-refresh"] * anew
        if slice_rows:
            arguments += ["--vars", f"{{slice_rows: {slice_rows}}}"]
        self.dbt("run", *_SELECTED, *arguments)

    def derive_in_any_order(self, chance: random.Random) -> None:
        """The same as an hour does, as if the tables had taken seconds that chance draws."""
        seconds = {node: chance.paretovariate(0.5) for node in self._manifest.nodes}
        with longest_path_first(seconds):
            self.dbt("build", "--resource-type", "model", *_SELECTED)

    def unread_batches(self) -> int:
        """How many landed batches no run has read yet."""
        landed = len(list((self.landing / "batches").glob("batch=*"))) - 1
        if not self.build.exists():
            return landed
        with duckdb.connect(str(self.build), read_only=True) as connection:
            found = connection.execute(
                "select count(*) from information_schema.tables "
                "where table_name = 'int_batches__read'"
            ).fetchall()[0][0]
            if not found:
                return landed
            return (
                landed
                - connection.execute(
                    "select count(*) from intermediate.int_batches__read where not is_reset"
                ).fetchall()[0][0]
            )

    def land(self, rows: dict, keep=None) -> None:
        """Land some of the sample's rows as new batches, one for each table that has any."""
        with duckdb.connect() as connection:
            for (source, table), lines in sorted(rows.items()):
                if not lines:
                    continue
                self._last_batch += 1
                connection.execute("create or replace table wanted (number bigint)")
                connection.executemany("insert into wanted values (?)", [[n] for n in lines])
                folder = batch_folder(self.landing / source / table, self._last_batch)
                folder.mkdir(parents=True)
                everything = self._numbered(source, table)
                connection.execute(
                    f"copy (select * exclude (number, batch) replace (row_number() over "
                    f"(order by number) as source_line) from ({everything}) "
                    "where number in (select number from wanted)) "
                    f"to '{folder}/rows.parquet' (format parquet)"
                )
                ledger = batch_folder(self.landing / "batches", self._last_batch)
                ledger.mkdir(parents=True)
                connection.execute(
                    f"copy (select '{source}' as source, '{table}' as source_table, "
                    f"'made up' as source_file, '{self._last_batch}' as file_sha256, "
                    f"{len(lines)}::bigint as rows_in, {len(lines)}::bigint as rows_landed, "
                    "0::bigint as rows_rejected, timestamp '2026-03-01' as loaded_at) "
                    f"to '{ledger}/rows.parquet' (format parquet)"
                )

    def _numbered(self, source: str, table: str) -> str:
        return (
            "select *, row_number() over (order by loaded_at, batch, source_line) as number "
            f"from read_parquet('{self.sample}/landing/{source}/{table}/*/*.parquet', "
            "hive_partitioning = true, union_by_name = true)"
        )

    def deliveries(self) -> dict:
        """Every table's rows as (number, delivery), in the order in which they came."""
        with duckdb.connect() as connection:
            return {
                (source, table): connection.execute(
                    f"select number, batch from ({self._numbered(source, table)}) order by number"
                ).fetchall()
                for source, table in TABLES
            }

    def split(self, parts: int, *, chance: random.Random | None = None) -> list[dict]:
        """The sample in parts: in order of arrival, or each row wherever chance puts it."""
        split = [{} for _ in range(parts)]
        for key, rows in self.deliveries().items():
            placed = {}
            for place, (number, batch) in enumerate(rows):
                unit = batch if key in WHOLE else number
                if unit not in placed:
                    placed[unit] = chance.randrange(parts) if chance else place * parts // len(rows)
                split[placed[unit]].setdefault(key, []).append(number)
        return split

    def snapshot(self, path: Path) -> Path:
        """Copy the derived marts as they are now."""
        path.unlink(missing_ok=True)
        with duckdb.connect(str(self.build)) as connection:
            connection.execute(f"attach '{path}' as kept")
            for name in DERIVED:
                connection.execute(f"create table kept.{name} as from marts.{name}")
            connection.execute("detach kept")
        return path


def differences(one: Path, other: Path, *, except_columns: dict | None = None) -> dict:
    """Rows that only one of two snapshots has, by table; empty when they are equal."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        for name in DERIVED:
            left_out = (except_columns or {}).get(name, [])
            columns = [
                row[0]
                for row in connection.execute(f"describe one.{name}").fetchall()
                if row[0] not in left_out
            ]
            wanted = ", ".join(columns)
            counts = [
                connection.execute(
                    f"select count(*) from (select {wanted} from {here}.{name} "
                    f"except all select {wanted} from {there}.{name})"
                ).fetchall()[0][0]
                for here, there in (("one", "other"), ("other", "one"))
            ]
            if any(counts):
                found[name] = {"counts": counts, **_by_column(connection, name, columns)}
    return found


def _by_column(connection, name: str, columns: list[str]) -> dict:
    key = columns[0]
    return json.loads(
        json.dumps(
            {
                column: connection.execute(
                    f'select one."{key}", one."{column}", other."{column}" from one.{name} as one '
                    f'full join other.{name} as other on one."{key}" = other."{key}" '
                    f'where one."{column}" is distinct from other."{column}" limit 3'
                ).fetchall()
                for column in columns[:1] + columns[1:]
                if connection.execute(
                    f"select count(*) from one.{name} as one full join other.{name} as other "
                    f'on one."{key}" = other."{key}" '
                    f'where one."{column}" is distinct from other."{column}"'
                ).fetchall()[0][0]
            },
            default=str,
        )
    )
