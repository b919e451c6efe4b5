"""The SQLite file that an API answers from, and the lines that a CMS reads."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb

DECISIONS, IDENTIFIERS, LOOKUP = "decisions.parquet", "identifiers.parquet", "decisions.sqlite"
_ROWS = 100_000
# of the file's tables; a file of another version is not gone on with
_VERSION = 1
_IDENTIFIERS = """
    create table identifiers (
        identifier_kind text, identifier_value text, user_id text not null,
        primary key (identifier_kind, identifier_value)
    ) without rowid;
"""
_ANSWERS = """
    drop view if exists decisions;
    drop table if exists answers;
    drop table if exists users;
    -- most users get the same as many others, so an answer is written once
    create table answers (answer_id integer primary key, answer text not null);
    create table users (user_id text primary key, answer_id integer not null) without rowid;
    create view decisions as
    select users.user_id, answers.answer
    from users inner join answers on users.answer_id = answers.answer_id;
"""
# what stands in an answer; the user is its key, and the placement the name within it
_FIELDS = (
    *("variant_id", "content_key", "key_value", "persona_id", "rule_id"),
    *("experiment_id", "arm", "reason", "is_holdout", "valid_until"),
)


def write_lookup(
    folder: Path, before: Path | None = None, memory_limit: str | None = None
) -> dict[str, int]:
    """Write the decisions of every user to a SQLite file; the rows that were put into each table.

    ``folder`` holds the exports ``decisions.parquet`` and ``identifiers.parquet``, and is given
    ``decisions.sqlite``. There the view ``decisions`` has one row per user: ``answer`` is a JSON
    object with one member per placement. ``identifiers`` tells whose a login or device is, most
    of them as the hour before: with ``before``, the folder of an earlier release, its file is
    gone on with and only what differs of them is written; what goes is overwritten with zeros.
    The file holds nothing else. Beyond ``memory_limit`` (such as 4GB; by default most of the
    machine) what is sorted is kept in files beside the target.
    """
    decisions, identifiers, target = folder / DECISIONS, folder / IDENTIFIERS, folder / LOOKUP
    target.unlink(missing_ok=True)
    is_continued = before is not None and _can_go_on(before)
    if is_continued:
        shutil.copyfile(before / LOOKUP, target)
    counts = {}
    with duckdb.connect() as source, closing(sqlite3.connect(target)) as lookup:
        source.execute("set timezone = 'UTC'")
        source.execute(f"set temp_directory = '{_quoted(target)}.spill'")
        source.execute("set preserve_insertion_order = false")
        if memory_limit:
            limit = memory_limit.replace("'", "''")
            source.execute(f"set memory_limit = '{limit}'")
        # nobody reads the file before it is whole, so a crash costs nothing but the file
        lookup.executescript("pragma journal_mode = off; pragma synchronous = off;")
        lookup.executescript(f"pragma secure_delete = on; pragma user_version = {_VERSION};")
        lookup.executescript(_ANSWERS if is_continued else _ANSWERS + _IDENTIFIERS)
        _number_answers(source, decisions)
        told = (
            "select identifier_kind, identifier_value, user_id "
            f"from read_parquet('{_quoted(identifiers)}')"
        )
        if is_continued:
            told_before = told.replace(_quoted(identifiers), _quoted(before / IDENTIFIERS))
            lookup.executemany(
                "delete from identifiers where identifier_kind = ? and identifier_value = ? "
                "and user_id = ?",
                source.execute(f"{told_before} except {told}").fetchall(),
            )
            told = f"{told} except {told_before}"
        for table, columns, query in (
            ("answers", 2, "select answer_id, answer from answers order by answer_id"),
            (
                "users",
                2,
                "select users.user_id, answers.answer_id from users inner join answers "
                "on users.answer_key = answers.answer_key order by users.user_id",
            ),
            ("identifiers", 3, f"from ({told}) order by identifier_kind, identifier_value"),
        ):
            counts[table] = _copy(source, query, lookup, table, columns)
        lookup.commit()
        lookup.execute("pragma optimize")
    return counts


def _can_go_on(before: Path) -> bool:
    if not (before / LOOKUP).exists() or not (before / IDENTIFIERS).exists():
        return False
    with closing(sqlite3.connect(before / LOOKUP)) as lookup:
        return lookup.execute("pragma user_version").fetchone() == (_VERSION,)


def _number_answers(source: duckdb.DuckDBPyConnection, decisions: Path) -> None:
    """Make ``users`` (user, key of the answer) and ``answers`` (key, number, text)."""
    fields = ", ".join(_FIELDS)
    source.execute(f"""
        create temp table users as
        select user_id,
            -- names of placements differ, so no two parts of an answer can cancel
            bit_xor(hash(placement_id, {fields})) as answer_key
        from read_parquet('{_quoted(decisions)}')
        group by user_id
    """)
    members = ", ".join(f"'{name}', {name}" for name in _FIELDS[:-1])
    source.execute(f"""
        create temp table answers as
        with stand_ins as (
            select answer_key, min(user_id) as user_id from users group by answer_key
        )
        select stand_ins.answer_key,
            row_number() over (order by stand_ins.answer_key) as answer_id,
            cast(to_json(map_from_entries(list((
                placement_id,
                json_object({members},
                    'valid_until', strftime(valid_until, '%Y-%m-%dT%H:%M:%S.%fZ'))
            ) order by placement_id))) as varchar) as answer
        from stand_ins
        inner join read_parquet('{_quoted(decisions)}') as decisions
            on stand_ins.user_id = decisions.user_id
        group by stand_ins.answer_key
    """)


def _copy(source, query: str, lookup: sqlite3.Connection, table: str, columns: int) -> int:
    places = ", ".join("?" * columns)
    cursor = source.execute(query)
    count = 0
    while rows := cursor.fetchmany(_ROWS):
        lookup.executemany(f"insert into {table} values ({places})", rows)
        count += len(rows)
    return count


def write_lines(decisions: Path, target: Path) -> int:
    """Write what is shown other than by default as lines of JSON for a CMS; how many."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        return connection.execute(
            "copy (select user_id, placement_id, variant_id, content_key, key_value, reason, "
            "strftime(valid_until, '%Y-%m-%dT%H:%M:%S.%fZ') as valid_until "
            f"from read_parquet('{_quoted(decisions)}') "
            "where reason in ('experiment', 'trigger', 'persona') and content_key is not null) "
            f"to '{_quoted(target)}' (format json)"
        ).fetchall()[0][0]


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
