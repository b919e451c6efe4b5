"""Take persons who asked for it out of every file, and leave counts of what was there.

The landed requests are carried out in steps that can each be done again: what is to go is
written to a plan first, and a run that was killed goes on with it. Derived tables are a
function of the landed rows, so nothing is picked out of them: the build file begins anew
with its memory alone, and the next build makes the rest.
"""

import fcntl
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kindred.landing.contract import TABLES
from kindred.landing.layout import batch_folder, quoted, write_parquet
from kindred.restoring import REMEMBERED

PLAN = ".erasing.duckdb"
# published files still hold the persons; the next release lets go of all older ones
MARK = ".erased"
# columns of remembered tables that name a person
_PERSONAL = (
    *("user_id", "unit_id", "anonymous_id", "login", "customer_id"),
    *("email_hash", "phone_hash", "identifier_value"),
)
_KINDS = ("email", "phone", "customer", "login", "anonymous", "click")
_STRONG = ("email", "phone", "customer", "login")
# more logins than this behind one e-mail or phone are several people
_MAX_LOGINS = 3
_CLICKS = "gclid|dclid|msclkid|fbclid|ttclid|twclid|li_fat_id"


def _parameter(text: str, names: str) -> str:
    return (
        f"try(url_decode(replace(regexp_extract({text}, "
        f"'(?:^|[?&])(?:{names})=([^&#]*)', 1), '+', ' ')))"
    )


# where each table names whom; an expression of landed columns per kind of identifier
NAMES: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("ga4", "events"): (
        ("anonymous", "user_pseudo_id"),
        ("login", "user_id"),
        ("email", "email_hash"),
        ("phone", "phone_hash"),
        ("click", "collected_traffic_source['gclid']"),
        ("click", "collected_traffic_source['dclid']"),
    ),
    ("web", "events"): (
        ("anonymous", "anonymous_id"),
        ("login", "login"),
        ("email", "email_hash"),
        ("phone", "phone_hash"),
        ("click", _parameter("page", _CLICKS)),
    ),
    ("pixel", "hits"): (
        ("anonymous", _parameter("query_string", "aid")),
        ("anonymous", _parameter("query_string", "lid")),
        ("login", _parameter("query_string", "uid")),
        ("email", "email_hash"),
        ("email", _parameter("query_string", "eh")),
        ("click", _parameter("query_string", _CLICKS)),
    ),
    ("crm", "customers"): (
        ("customer", "customer_id"),
        ("login", "login"),
        ("email", "email_hash"),
        ("phone", "phone_hash"),
    ),
    ("crm", "orders"): (
        ("customer", "customer_id"),
        ("login", "login"),
        ("email", "email_hash"),
    ),
    ("crm", "order_lines"): (("customer", "customer_id"),),
    ("crm", "consents"): (
        ("customer", "customer_id"),
        ("login", "login"),
        ("anonymous", "anonymous_id"),
        ("email", "email_hash"),
    ),
    ("ads", "clicks"): (("click", "click_id"), ("anonymous", "anonymous_id")),
    ("optimizely", "decisions"): (("login", "visitor_id"), ("anonymous", "visitor_id")),
    ("growthbook", "exposures"): (("login", "login"), ("anonymous", "anonymous_id")),
    ("decisions", "served"): (
        ("user", "user_id"),
        ("login", "user_id"),
        ("anonymous", "anonymous_id"),
    ),
}
# one value of a kind that it does not tell joins nothing
_OF_ANY_KIND = {("decisions", "served"), ("optimizely", "decisions")}
# where an order of the person may stand without naming the person
_ORDERS = {
    ("crm", "orders"): "order_id",
    ("crm", "order_lines"): "order_id",
    ("web", "events"): "order_id",
    ("pixel", "hits"): _parameter("query_string", "oid"),
    ("ga4", "events"): "ecommerce['transaction_id']",
}


@dataclass
class Erasure:
    """What was taken out: requests, identifiers of the persons, landed rows, batches."""

    requests: int
    identifiers: int
    rows: int
    batches: int

    def __str__(self) -> str:
        """One line for a person."""
        return (
            f"{self.requests:,} requests to erase carried out: {self.identifiers:,} identifiers, "
            f"{self.rows:,} rows of {self.batches:,} landed files. The next build makes every "
            "table anew; the next `kindred publish` lets go of the files published before."
        )


def erase(
    home: Path,
    landing: Path | None = None,
    *,
    report: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
    step: Callable[[str], None] = lambda name: None,
) -> Erasure | None:
    """Carry out the landed requests of ``crm/erasures`` that are not carried out yet.

    Rewrites the landed files that hold rows of the persons, begins the build file anew
    with its memory, takes the persons out of the memory and its exports, removes the other
    exports and marks the published copy for renewal. Counts stay in ``landing/erased``.
    Without requests it reads one small table. While another process writes to the build
    file it says so and leaves the requests to the next run. ``step`` is called with a name
    after each step that a crash may follow. Raises duckdb.Error or OSError on a full disk.
    """
    landing = landing or home / "landing"
    with (landing / ".lock").open("w") as lock:
        # nothing lands meanwhile
        fcntl.flock(lock, fcntl.LOCK_EX)
        plan = landing / PLAN
        if not plan.exists() and not _has_requests(landing, report):
            return None
        build = home / "kindred_build.duckdb"
        in_use = (
            f"{build} is in use: the requests to erase in {landing / 'crm' / 'erasures'} are "
            "carried out by the next `kindred land` after the build has ended."
        )
        try:
            held = duckdb.connect(str(build)) if build.exists() else None
        except duckdb.Error:
            report(in_use)
            return None
        try:
            if not plan.exists():
                _write_plan(plan, landing, held)
                step("planned")
        finally:
            if held:
                held.close()
        done = _rewrite_landing(plan, landing, step)
        if build.exists():
            try:
                _begin_anew(plan, home, build, step)
            except duckdb.IOException as error:
                if "lock" not in str(error):
                    raise
                # a build has begun meanwhile
                report(in_use)
                return None
        else:
            _clear_memory(plan, home)
        _clear_exports(home, landing, step)
        (home / "published").mkdir(exist_ok=True)
        (home / "published" / MARK).touch()
        step("marked")
        plan.unlink()
    report(str(done))
    return done


def _all_of(landing: Path, source: str, table: str) -> str:
    files = landing / source / table / "*" / "*.parquet"
    return (
        f"read_parquet({quoted(files)}, hive_partitioning = true, "
        "hive_types = {'batch': bigint}, union_by_name = true)"
    )


def _requested(landing: Path) -> str:
    return (
        "select batch, source_line, loaded_at, lower(trim(identifier_kind)) as kind, "
        f"nullif(trim(identifier_value), '') as value from {_all_of(landing, 'crm', 'erasures')}"
    )


def _has_requests(landing: Path, report: Callable[[str], None]) -> bool:
    with duckdb.connect() as connection:
        usable, strange = connection.execute(
            "select count(*) filter (where kind in (select unnest(?))), "
            "min(kind) filter (where kind not in (select unnest(?))) "
            f"from ({_requested(landing)}) where value is not null",
            [list(_KINDS), list(_KINDS)],
        ).fetchall()[0]
    if strange:
        report(
            f"a request in crm/erasures names the identifier_kind {strange!r} and erases nobody. "
            f"Known are {', '.join(_KINDS)}: land it again with one of them."
        )
    return usable > 0


# --- the plan ------------------------------------------------------------------------


def _write_plan(plan: Path, landing: Path, build: duckdb.DuckDBPyConnection | None) -> None:
    """Write who goes (``persons``) and which landed rows (``removed``, ``counts``)."""
    beside = plan.with_name(f"{plan.name}.tmp")
    _unlink(beside)
    with duckdb.connect(str(beside)) as connection:
        connection.execute(f"set temp_directory = {quoted(landing / '.tmp-spill')}")
        connection.execute("create table persons (kind varchar, value varchar)")
        connection.execute(
            f"create table requests as from ({_requested(landing)}) "
            "where value is not null and kind in (select unnest(?))",
            [list(_KINDS)],
        )
        _take_identities(connection, build)
        _note_combinations(connection, landing)
        _find_persons(connection, landing)
        _find_rows(connection, landing)
    beside.replace(plan)


def _take_identities(connection, build: duckdb.DuckDBPyConnection | None) -> None:
    """``known``: whose each identifier is by the last build; ``taken``: batches it has read."""
    connection.execute("create temp table known (kind varchar, value varchar, user_id varchar)")
    connection.execute("create temp table taken (batch bigint)")
    tables = build and {
        row[0]
        for row in build.execute("select table_name from information_schema.tables").fetchall()
    }
    if not tables or not {"int_identities__resolved", "int_batches__read"} <= tables:
        return
    for table, query in (
        (
            "known",
            "select identifier_kind, identifier_value, user_id "
            "from intermediate.int_identities__resolved",
        ),
        ("taken", "select batch from intermediate.int_batches__read where not is_reset"),
    ):
        # handed over as batches of Arrow, for a file has one writer and it is open there
        passed = build.sql(query).to_arrow_reader(100_000)  # noqa: F841
        connection.execute(f"insert into {table} from passed")


def _note_combinations(connection, landing: Path) -> None:
    """``seen``: which identifiers stood together in a record that no build has read.

    Records of customers are all looked at: a request that names one of their identifiers
    reaches the others.
    """
    connection.execute("create temp table seen (record bigint, kind varchar, value varchar)")
    connection.execute("create temp sequence records")
    for (source, table), names in NAMES.items():
        if (source, table) in _OF_ANY_KIND:
            continue
        values = [f"nullif(trim({expression}), '')" for _, expression in names]
        columns = ", ".join(f"{value} as v{place}" for place, value in enumerate(values))
        unread = "true" if table == "customers" else "batch not in (from taken)"
        connection.execute(
            "create or replace temp table combinations as "
            "select nextval('records') as record, * from (select distinct "
            f"{columns} from {_all_of(landing, source, table)} where {unread})"
        )
        for place, (kind, _) in enumerate(names):
            connection.execute(
                f"insert into seen select record, '{kind}', v{place} from combinations "
                f"where v{place} is not null"
            )
    connection.execute("drop table combinations")


def _find_persons(connection, landing: Path) -> None:
    strong = ", ".join(f"'{kind}'" for kind in _STRONG)
    add = (
        "insert into persons select distinct kind, value from ({}) as found "
        "anti join persons using (kind, value)"
    )
    connection.execute("insert into persons select distinct kind, value from requests")
    # a request reaches the other identifiers of the customer's record, and no farther
    connection.execute(
        add.format(
            "select others.kind, others.value from seen as others where others.record in ("
            "select customers.record from seen as customers semi join requests "
            "using (kind, value)) "
            "and others.record in (select record from seen where kind = 'customer') "
            f"and others.kind in ({strong})"
        )
    )
    connection.execute(f"""
        create temp table shared as
        select named.kind, named.value
        from seen as named
        inner join seen as logins on named.record = logins.record and logins.kind = 'login'
        where named.kind in ('email', 'phone')
        group by named.kind, named.value
        having count(distinct logins.value) > {_MAX_LOGINS}
    """)
    connection.execute("""
        create temp table told as
        select seen.*, known.user_id
        from seen
        left join known using (kind, value)
    """)
    before = -1
    while before != (before := connection.execute("select count(*) from persons").fetchall()[0][0]):
        # who it is by the last build
        connection.execute(
            add.format(
                "select known.kind, known.value from known where known.user_id in "
                "(select own.user_id from known as own semi join persons using (kind, value))"
            )
        )
        # what no build has seen yet follows the records in which it stands
        connection.execute(f"""
            create or replace temp table hit as
            select distinct told.record from told
            semi join persons using (kind, value)
            anti join shared using (kind, value)
            where told.kind in ({strong})
        """)
        connection.execute(
            add.format(
                f"select kind, value from told anti join shared using (kind, value) "
                f"where kind in ({strong}) and user_id is null and record in (from hit)"
            )
        )
        # a device or click goes with the person unless somebody else is seen on it
        connection.execute(
            add.format(
                f"select kind, value from told where kind not in ({strong}) and user_id is null "
                "and record in (select record from told semi join persons using (kind, value)) "
                "and (kind, value) not in ("
                "select (weak.kind, weak.value) from told as weak "
                "inner join told as others on weak.record = others.record "
                f"and others.kind in ({strong}) "
                "anti join persons on others.kind = persons.kind and others.value = persons.value "
                f"where weak.kind not in ({strong}))"
            )
        )
    # exports and served decisions know people by the id of the user
    connection.execute(
        "create temp table named as "
        "select distinct user_id from known semi join persons using (kind, value) "
        "union select md5(kind || '|' || value) from persons"
    )
    connection.execute("insert into persons select 'user', user_id from named")


def _find_rows(connection, landing: Path) -> None:
    connection.execute(
        "create table removed (source varchar, source_table varchar, batch bigint, "
        "source_line bigint, loaded_date date)"
    )
    connection.execute("create temp table orders (order_id varchar)")
    for (source, table), names in NAMES.items():
        is_named = " or ".join(
            f"nullif(trim({expression}), '') in (select value from persons where kind = '{kind}')"
            for kind, expression in names
        )
        connection.execute(
            "create or replace temp table matched as select batch, source_line, "
            f"cast(loaded_at as date) as loaded_date, {_ORDERS.get((source, table), 'null')} "
            f"as order_id from {_all_of(landing, source, table)} where {is_named}"
        )
        connection.execute(
            f"insert into removed select '{source}', '{table}', batch, source_line, loaded_date "
            "from matched"
        )
        connection.execute(
            "insert into orders select distinct upper(trim(order_id)) from matched "
            "where trim(order_id) <> ''"
        )
    for table in ("orders", "order_lines"):
        nobody = " and ".join(
            f"nullif(trim({expression}), '') is null" for _, expression in NAMES["crm", table]
        )
        connection.execute(
            f"insert into removed select 'crm', '{table}', batch, source_line, "
            f"cast(loaded_at as date) from {_all_of(landing, 'crm', table)} "
            f"where {nobody} and upper(trim(order_id)) in (from orders)"
        )
    connection.execute(
        "insert into removed select 'crm', 'erasures', batch, source_line, "
        "cast(loaded_at as date) from requests"
    )
    erased = landing / "erased" / "*" / "*.parquet"
    # with what was erased of these batches before, so that each file is written as a whole
    connection.execute(f"""
        create table counts as
        select batch, source, source_table, loaded_date, sum(rows_erased)::bigint as rows_erased
        from (
            select batch, source, source_table, loaded_date, count(*) as rows_erased
            from removed group by all
            union all
            select batch, source, source_table, loaded_date, rows_erased
            from read_parquet({quoted(erased)}, hive_partitioning = true,
                hive_types = {{'batch': bigint}})
            where batch in (select batch from removed)
        )
        group by all
    """)


# --- the steps -----------------------------------------------------------------------


def _rewrite_landing(plan: Path, landing: Path, step: Callable[[str], None]) -> Erasure:
    with duckdb.connect(str(plan), read_only=True) as connection:
        batches = connection.execute(
            "select distinct source, source_table, batch from removed order by all"
        ).fetchall()
        for source, table, batch in batches:
            assert (source, table) in TABLES
            number = int(batch)
            file = batch_folder(landing / source / table, number) / "rows.parquet"
            _replace(
                connection,
                f"select * from read_parquet({quoted(file)}, hive_partitioning = false) "
                "where source_line not in (select source_line from removed "
                f"where batch = {number}) order by source_line",
                file,
            )
            step("rows")
            folder = batch_folder(landing / "erased", number)
            folder.mkdir(parents=True, exist_ok=True)
            _replace(
                connection,
                "select source, source_table, loaded_date, rows_erased from counts "
                f"where batch = {number} order by all",
                folder / "rows.parquet",
            )
            step("count")
        counts = connection.execute(
            "select (select count(*) from requests), (select count(*) from persons "
            "where kind <> 'user'), (select count(*) from removed)"
        ).fetchall()[0]
    return Erasure(*counts, len(batches))


def _replace(connection, query: str, file: Path) -> None:
    # no reader's pattern takes it for a landed file
    beside = file.with_name(f"{file.name}.tmp")
    write_parquet(connection, query, beside)
    beside.replace(file)


def _without_persons(connection, relation: str) -> str:
    """The rows of a remembered table that name none of the plan's persons."""
    columns = [row[0] for row in connection.execute(f"describe from {relation}").fetchall()]
    is_gone = [
        f'coalesce("{column}" in (select value from plan.persons), false)'
        for column in columns
        if column in _PERSONAL
    ]
    return f"from {relation} where not ({' or '.join(is_gone) or 'false'})"


def _clear_memory(plan: Path, home: Path) -> None:
    """Where there is no build file, its memory is what was exported of it."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(plan)} as plan (read_only)")
        for name in REMEMBERED:
            export = home / "exports" / f"{name}.parquet"
            if export.exists():
                kept = _without_persons(connection, f"read_parquet({quoted(export)})")
                _replace(connection, kept, export)


def _begin_anew(plan: Path, home: Path, build: Path, step: Callable[[str], None]) -> None:
    """Swap in a build file that holds the memory without the persons, and export it."""
    beside = build.with_name(f"{build.name}.erasing")
    _unlink(beside)
    with duckdb.connect(
        str(beside), config={"storage_compatibility_version": "v1.2.0"}
    ) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach {quoted(build)} as before (read_only)")
        connection.execute(f"attach {quoted(plan)} as plan (read_only)")
        for name, (schema, table) in REMEMBERED.items():
            found = connection.execute(
                "select count(*) from information_schema.tables where table_catalog = 'before' "
                "and table_schema = ? and table_name = ?",
                [schema, table],
            ).fetchall()[0][0]
            if not found:
                continue
            kept = _without_persons(connection, f'before."{schema}"."{table}"')
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(f'create table "{schema}"."{table}" as {kept}')
            export = home / "exports" / f"{name}.parquet"
            export.parent.mkdir(exist_ok=True)
            _replace(connection, f'from "{schema}"."{table}"', export)
        connection.execute("detach before")
        connection.execute("detach plan")
        connection.execute("checkpoint")
    step("memory")
    beside.replace(build)
    build.with_name(f"{build.name}.wal").unlink(missing_ok=True)
    step("build")


def _unlink(database: Path) -> None:
    for file in (database, database.with_name(f"{database.name}.wal")):
        file.unlink(missing_ok=True)


def _clear_exports(home: Path, landing: Path, step: Callable[[str], None]) -> None:
    kept = {f"{name}.parquet" for name in REMEMBERED}
    for file in (home / "exports").glob("*"):
        # the next build writes them again
        if file.name not in kept:
            file.unlink()
    for spilled in (home / ".spill", landing / ".tmp-spill"):
        shutil.rmtree(spilled, ignore_errors=True)
    step("exports")


def forget_published(home: Path) -> None:
    """Let go of every published file but those of the current release, if persons were erased.

    To be called once a release was made after the erasure. Does nothing without the mark
    that ``erase`` leaves.
    """
    published = home / "published"
    mark = published / MARK
    if not mark.exists():
        return
    current = (published / "current").resolve()
    for one in (published / "releases").glob("*"):
        if one.resolve() != current:
            shutil.rmtree(one)
    for slot in published.glob(".slot-*"):
        if not slot.samefile(published / "kindred.duckdb"):
            slot.unlink()
    mark.unlink()
