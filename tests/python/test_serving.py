"""What machines read: the answers are the decisions, and a release is one moment."""

import json
import random
import re
import sqlite3
import threading
from contextlib import closing

import duckdb
import pytest

from kindred.erasing import MARK
from kindred.publishing import publish
from kindred.serving import forget_old, gather, lookup, release, releases

FIELDS = (
    *("variant_id", "content_key", "key_value", "persona_id", "rule_id"),
    *("experiment_id", "arm", "reason", "is_holdout", "valid_until"),
)


def write_exports(home, moment, users=50):
    """Exports and build file that all hold ``moment``; the decisions as they were made."""
    chance = random.Random(moment)
    rows = []
    for number in range(users):
        for placement in ("home", "cart")[: chance.randint(1, 2)]:
            made = [chance.choice([f"{name}_1", "o'\"2", None]) for name in FIELDS[:-2]]
            rows.append((f"u{number}", placement, *made, chance.random() < 0.5))
    exports = home / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        names = ", ".join(f"{name} varchar" for name in FIELDS[:-2])
        connection.execute(
            f"create table d (user_id varchar, placement_id varchar, {names}, is_holdout boolean)"
        )
        connection.executemany(f"insert into d values ({', '.join('?' * 11)})", rows)
        for name, query in {
            "decisions": f"select *, make_timestamp({moment} * 1000000) as valid_until from d",
            "identifiers": "select distinct 'login' as identifier_kind, "
            f"user_id || ' of {moment}' as identifier_value, user_id from d",
            "remembered_clock": f"select make_timestamp({moment} * 1000000) as as_of",
            "remembered_changes": "select 'secret' as user_id",
        }.items():
            beside = exports / f"{name}.parquet.tmp"
            connection.execute(f"copy ({query}) to '{beside}' (format parquet)")
            beside.replace(exports / f"{name}.parquet")
    with duckdb.connect(str(home / "kindred_build.duckdb")) as build:
        build.execute(f"create or replace table moment as select {moment} as n")
    return rows


def show(home):
    forget_old(home)
    publish(home)
    return release(home, gather(home))


def moments(folder):
    """The moment that each file of a release holds."""
    told = json.loads((folder / "manifest.json").read_text())
    with duckdb.connect() as connection:
        files = folder / "decisions.parquet"
        seconds = connection.execute(
            "select distinct epoch(valid_until) from read_parquet(?)", [str(files)]
        ).fetchall()
    with duckdb.connect(str(folder / "kindred.duckdb"), read_only=True) as copy:
        copied = copy.execute("select n from moment").fetchall()
    with closing(sqlite3.connect(f"file:{folder}/decisions.sqlite?mode=ro", uri=True)) as api:
        named = api.execute("select identifier_value from identifiers limit 1").fetchall()
    return {
        int(seconds[0][0]),
        copied[0][0],
        int(named[0][0].split()[-1]),
        int(told["as_of"][17:19]) + 60 * int(told["as_of"][14:16]),
    }


def test_the_answers_of_the_lookup_are_the_decisions(tmp_path):
    rows = write_exports(tmp_path, 7, users=400)
    wanted = {}
    for user, placement, *made in rows:
        wanted.setdefault(user, {})[placement] = dict(
            zip(FIELDS, [*made, "1970-01-01T00:00:07.000000Z"], strict=True)
        )
    folder = show(tmp_path)
    with closing(sqlite3.connect(folder / "decisions.sqlite")) as api:
        found = {
            user: json.loads(answer) for user, answer in api.execute("select * from decisions")
        }
        plan = api.execute(
            "explain query plan select answer from decisions where user_id = 'u1'"
        ).fetchall()
    assert found == wanted
    # both tables are searched by key, none is scanned
    assert all(step[3].startswith("SEARCH") for step in plan)


def test_lines_for_the_cms_leave_out_what_everybody_gets(tmp_path):
    decisions = tmp_path / "decisions.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 'u' || range as user_id, 'home' as placement_id, 'v' as variant_id, "
            "case when range <> 4 then 'c' end as content_key, null as key_value, "
            "['experiment', 'trigger', 'persona', 'fallback', 'persona', 'holdout'][range + 1] "
            "as reason, timestamp '2026-01-01' as valid_until from range(6)) "
            f"to '{decisions}' (format parquet)"
        )
    assert lookup.write_lines(decisions, tmp_path / "lines") == 3
    lines = [json.loads(line) for line in (tmp_path / "lines").read_text().splitlines()]
    assert {line["user_id"] for line in lines} == {"u0", "u1", "u2"}
    assert lines[0]["valid_until"] == "2026-01-01T00:00:00.000000Z"


def test_a_reader_sees_one_moment_in_all_files_while_releases_are_made(tmp_path):
    write_exports(tmp_path, 1)
    show(tmp_path)
    seen, done = [], threading.Event()

    def read():
        while not done.is_set():
            seen.append(moments((tmp_path / "published" / "current").resolve()))

    reader = threading.Thread(target=read)
    reader.start()
    for moment in range(2, 6):
        write_exports(tmp_path, moment)
        before = len(seen)
        show(tmp_path)
        while len(seen) < before + 2 and reader.is_alive():
            pass
    done.set()
    reader.join()
    assert len(seen) > 4
    assert all(len(one) == 1 for one in seen), seen


def test_the_release_before_stays_as_it_was_and_older_ones_go(tmp_path):
    folders = []
    for moment in range(1, 5):
        write_exports(tmp_path, moment)
        folders.append(show(tmp_path))
        assert moments(folders[-1]) == {moment}
        if moment > 1:
            assert moments(folders[-2]) == {moment - 1}
    assert [one.exists() for one in folders] == [False, False, True, True]


def test_a_release_that_was_broken_off_is_not_seen_and_the_next_one_is_whole(tmp_path, monkeypatch):
    write_exports(tmp_path, 1)
    show(tmp_path)
    write_exports(tmp_path, 2)
    for step in ("write_lookup", "_write_manifest"):
        with monkeypatch.context() as broken:

            def stop(*_):
                raise KeyboardInterrupt

            broken.setattr(releases, step, stop)
            forget_old(tmp_path)
            publish(tmp_path)
            with pytest.raises(KeyboardInterrupt):
                release(tmp_path, gather(tmp_path))
        assert moments((tmp_path / "published" / "current").resolve()) == {1}
    assert moments(show(tmp_path)) == {2}


def test_the_memory_of_all_users_is_not_released(tmp_path):
    write_exports(tmp_path, 1)
    assert not list(show(tmp_path).glob("remembered_*"))


def test_a_lookup_that_is_gone_on_with_is_one_made_anew_and_keeps_nothing_of_who_went(tmp_path):
    chance = random.Random(5)
    before = None
    for moment in range(6):
        folder = tmp_path / str(moment)
        folder.mkdir()
        known = {
            f"device-{n:03}": f"user-{chance.randrange(4)}" for n in chance.sample(range(900), 600)
        }
        with duckdb.connect() as connection:
            connection.execute("create table d (user_id varchar, value varchar)")
            connection.executemany(
                "insert into d values (?, ?)", [(u, d) for d, u in known.items()]
            )
            connection.execute(
                "copy (select 'anonymous' as identifier_kind, value as identifier_value, user_id "
                f"from d) to '{folder}/identifiers.parquet' (format parquet)"
            )
            connection.execute(
                "copy (select distinct user_id, 'home' as placement_id, 'v' as variant_id, "
                f"'content {moment}' as content_key, null as key_value, 'p' as persona_id, null as "
                "rule_id, null as experiment_id, null as arm, 'persona' as reason, false as "
                "is_holdout, timestamp '2026-01-01' as valid_until from d) "
                f"to '{folder}/decisions.parquet' (format parquet)"
            )
        counts = lookup.write_lookup(folder, before)
        # a third of them went or have another user, and only these are written
        assert counts["identifiers"] == 600 if before is None else counts["identifiers"] < 600
        with closing(sqlite3.connect(folder / "decisions.sqlite")) as api:
            assert dict(api.execute("select identifier_value, user_id from identifiers")) == known
            answers = [json.loads(one) for (one,) in api.execute("select answer from decisions")]
        assert {one["home"]["content_key"] for one in answers} == {f"content {moment}"}
        assert len(answers) == len(set(known.values()))
        written = set(re.findall(rb"device-\d{3}", (folder / "decisions.sqlite").read_bytes()))
        assert written == {one.encode() for one in known}
        before = folder


def test_a_lookup_of_another_version_and_one_before_an_erasure_are_not_gone_on_with(
    tmp_path, monkeypatch
):
    begun = []
    made = releases.write_lookup
    monkeypatch.setattr(
        releases,
        "write_lookup",
        lambda folder, before, limit: begun.append(before) or made(folder, before, limit),
    )
    write_exports(tmp_path, 1)
    folder = show(tmp_path)
    assert lookup._can_go_on(folder)
    monkeypatch.setattr(lookup, "_VERSION", lookup._VERSION + 1)
    assert not lookup._can_go_on(folder)
    write_exports(tmp_path, 2)
    assert moments(show(tmp_path)) == {2}
    (tmp_path / "published" / MARK).touch()
    show(tmp_path)
    assert begun[0] == begun[1] == tmp_path / "published" / "current"
    assert begun[2] is None
