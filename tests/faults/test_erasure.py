"""Who asked to be erased stands in no file any more, looked for byte by byte."""

import shutil

import duckdb
import pytest

from kindred.erasing import erase, forget_published
from kindred.landing import land
from kindred.publishing import publish
from kindred.serving import forget_old, gather, release

ACCOUNTED = """
    select outcome = 'erased' as is_erased, sum(row_count)
    from marts.fct_row_outcomes group by all
"""


def show(home):
    forget_old(home)
    publish(home)
    release(home, gather(home))
    forget_published(home)


def mentions(home, names):
    """Files behind the inbox in which a name stands: as bytes, or packed in a column."""
    found = {}
    words = [name.encode() for name in names]
    for file in home.rglob("*"):
        if not file.is_file() or "inbox" in file.relative_to(home).parts:
            continue
        texts = [file.read_bytes()]
        if file.suffix == ".parquet":
            with duckdb.connect() as connection:
                texts += [
                    (row[0] or "").encode()
                    for row in connection.execute(
                        "select cast(record as varchar) from read_parquet(?) as record",
                        [str(file)],
                    ).fetchall()
                ]
        if file.suffix == ".duckdb":
            texts.append("".join(_cells(file)).encode())
        if any(word in text for word in words for text in texts):
            found[str(file.relative_to(home))] = any(word in texts[0] for word in words)
    return found


def _cells(file):
    with duckdb.connect(str(file), read_only=True) as connection:
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_type = 'BASE TABLE'"
        ).fetchall():
            rows = connection.execute(
                f'select cast(record as varchar) from "{schema}"."{table}" as record'
            ).fetchall()
            yield from (row[0] or "" for row in rows)


@pytest.fixture(scope="module")
def before(warehouse):
    """The sample built, and published twice, so that both slots and two releases are full."""
    warehouse.start_over()
    warehouse.land(warehouse.split(1)[0])
    warehouse.dbt("run")
    show(warehouse.home)
    show(warehouse.home)
    return warehouse


def test_no_byte_of_a_person_who_asked_to_be_erased_is_left(before):
    home = before.home
    with duckdb.connect(str(before.build), read_only=True) as build:
        user, names, email = build.execute("""
            select user_id, list(identifier_value),
                max(identifier_value) filter (where identifier_kind = 'email')
            from intermediate.int_identities__resolved
            group by user_id
            having count(distinct identifier_kind) >= 5 and not bool_or(is_suspect)
            order by count(*) desc, user_id limit 1
        """).fetchall()[0]
        rows_before = build.execute("select sum(row_count) from marts.fct_row_outcomes").fetchall()
        others = build.execute(
            "select user_id, lifetime_event_count from marts.dim_users where user_id <> ? "
            "order by all",
            [user],
        ).fetchall()
        # where a name is a part of another's, neither can be looked for
        told = build.execute(
            "select identifier_value from intermediate.int_identities__resolved where user_id <> ?",
            [user],
        ).fetchall()
    names = [user, *(one for one in names if not any(one in other for (other,) in told))]
    assert len(names) > 5
    found = mentions(home, names)
    # the search finds them in every kind of file, and in plain bytes where nothing is packed
    for place in ("landing/", "exports/", "published/", "published/releases/"):
        assert any(file.startswith(place) for file in found), place
    assert found["kindred_build.duckdb"]
    assert found["published/.slot-a"] and found["published/.slot-b"]
    assert found[f"published/releases/{_newest(home)}/decisions.sqlite"]
    assert "exports/remembered_changes.parquet" in found

    inbox = home / "inbox" / "crm" / "erasures"
    inbox.mkdir(parents=True)
    (inbox / "1.csv").write_text(
        f"erasure_id,identifier_kind,identifier_value,requested_at\n1,email,{email},2026-03-01\n"
    )
    land(home, report=lambda line: None)
    assert erase(home, report=lambda line: None).requests == 1
    before.dbt("seed")
    before.dbt("run")
    show(home)

    assert mentions(home, [*names, email]) == {}
    before.dbt("test", "--select", "rows_landed_are_rows_accounted_for")
    with duckdb.connect(str(before.build), read_only=True) as build:
        accounted = dict(build.execute(ACCOUNTED).fetchall())
        assert sum(accounted.values()) == rows_before[0][0] + 1
        assert accounted[True] > 20
        left = build.execute(
            "select user_id, lifetime_event_count from marts.dim_users order by all"
        ).fetchall()
        assert build.execute("select count(*) from segmentation.seg_segment_changes").fetchall() > [
            (100,)
        ]
    assert left == others
    shutil.rmtree(inbox)


def _newest(home):
    return max(one.name for one in (home / "published" / "releases").iterdir())
