"""The published copy: little is written, readers keep what they opened, new ones see all."""

import os
import random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kindred import publishing
from kindred.publishing import (
    PublishingError,
    block_checksums,
    bring_up_to_date,
    is_held,
    publish,
)


def write(home, rows, *, table="t"):
    with duckdb.connect(str(home / "kindred_build.duckdb")) as build:
        build.execute(f"create or replace table {table} as select range as n from range({rows})")


def count(connection):
    return connection.execute("select count(*) from t").fetchall()[0][0]


def spare_slot(home):
    slots = sorted((home / "published").glob(".slot-?"))
    return next(one for one in slots if not one.samefile(home / "published/kindred.duckdb"))


def test_a_new_reader_sees_the_newest_state_every_time(tmp_path):
    for rows in (10, 500_000, 20, 700_000, 5):
        write(tmp_path, rows)
        with duckdb.connect(str(publish(tmp_path)), read_only=True) as reader:
            assert count(reader) == rows
    # the name, and two copies each with the checksums of its blocks
    assert len(list((tmp_path / "published").iterdir())) == 5


def test_the_copy_is_the_build_file_byte_for_byte_though_only_checksums_are_compared(tmp_path):
    chance = random.Random(1)
    for _ in range(12):
        table = f"t{chance.randrange(3)}"
        write(tmp_path, chance.randrange(1, 900_000), table=table)
        if chance.random() < 0.5:
            with duckdb.connect(str(tmp_path / "kindred_build.duckdb")) as build:
                build.execute(f"update {table} set n = n + 1 where n % 7 = 0")
        copy = publish(tmp_path)
        assert copy.read_bytes() == (tmp_path / "kindred_build.duckdb").read_bytes()


def test_a_copy_that_was_left_half_written_is_made_whole(tmp_path):
    for rows in (400_000, 500_000, 600_000):
        write(tmp_path, rows)
        publish(tmp_path)
    spare = spare_slot(tmp_path)
    # a block with its checksum and half of what belongs to it
    content = bytearray((tmp_path / "kindred_build.duckdb").read_bytes())
    middle = 3 * 4096 + 262144 + 1000
    for place in range(middle, middle + 1000):
        content[place] ^= 255
    spare.with_name(f"{spare.name}.tmp").write_bytes(content)
    spare.unlink()
    copy = publish(tmp_path)
    assert copy.read_bytes() == (tmp_path / "kindred_build.duckdb").read_bytes()


def test_a_copy_whose_checksums_were_kept_is_not_read_for_them(tmp_path, monkeypatch):
    for rows in (400_000, 500_000, 600_000):
        write(tmp_path, rows)
        publish(tmp_path)
    read = []
    monkeypatch.setattr(
        publishing,
        "block_checksums",
        lambda path, size: read.append(path.name) or block_checksums(path, size),
    )
    copy = publish(tmp_path)
    assert read == ["kindred_build.duckdb"]
    assert copy.read_bytes() == (tmp_path / "kindred_build.duckdb").read_bytes()


@pytest.mark.parametrize("spoil", ["the copy", "the list"])
def test_checksums_that_were_kept_of_another_state_of_a_copy_are_not_believed(tmp_path, spoil):
    for rows in (400_000, 500_000):
        write(tmp_path, rows)
        publish(tmp_path)
    slot = spare_slot(tmp_path)
    kept = slot.with_name(f"{slot.name}.checksums")
    if spoil == "the copy":
        slot.write_bytes(bytes(slot.stat().st_size))
    else:
        kept.write_bytes(kept.read_bytes()[:10])
    copy = publish(tmp_path)
    assert copy.read_bytes() == (tmp_path / "kindred_build.duckdb").read_bytes()


def test_a_copy_is_on_the_disk_before_memory_lets_go_of_it_piece_by_piece(tmp_path, monkeypatch):
    (tmp_path / "source").write_bytes(bytes(5 << 20))
    (tmp_path / "target").touch()
    called = []
    monkeypatch.setattr(publishing, "_PIECE", 1 << 20)
    monkeypatch.setattr(os, "fsync", lambda _: called.append("on the disk"))
    monkeypatch.setattr(os, "posix_fadvise", lambda *words: called.append(words[1:]))
    bring_up_to_date(tmp_path / "source", tmp_path / "target")
    # each of five pieces, and once more for what is left and the length
    assert called == ["on the disk", (0, 0, os.POSIX_FADV_DONTNEED)] * 6


def test_readers_keep_what_they_opened_however_often_is_published(tmp_path):
    readers = []
    for rows in range(1, 7):
        write(tmp_path, rows * 100_000)
        path = publish(tmp_path)
        # a path of its own, so that this process opens the file anew
        alias = tmp_path / f"reader_{rows}.duckdb"
        alias.hardlink_to(path)
        readers.append((rows * 100_000, duckdb.connect(str(alias), read_only=True)))
        assert all(count(reader) == rows for rows, reader in readers)
    for _, reader in readers:
        reader.close()


def test_a_copy_that_is_read_is_held_and_then_is_not(tmp_path):
    write(tmp_path, 10)
    path = publish(tmp_path)
    with duckdb.connect(str(path), read_only=True) as reader:
        count(reader)
        assert is_held(path)
    assert not is_held(path)


def test_a_build_that_is_written_to_is_not_published(tmp_path):
    with pytest.raises(PublishingError, match="does not exist"):
        publish(tmp_path)


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(
    sizes=st.tuples(st.integers(0, 4_000_000), st.integers(0, 4_000_000)),
    seed=st.integers(0, 99),
)
def test_any_state_is_brought_up_to_date(tmp_path_factory, sizes, seed):
    folder = tmp_path_factory.mktemp("copies")
    chance = random.Random(seed)
    content = chance.randbytes(max(sizes))
    source, target = folder / "source", folder / "target"
    source.write_bytes(content[: sizes[0]])
    changed = bytearray(content[: sizes[1]])
    for _ in range(3):
        if changed:
            changed[chance.randrange(len(changed))] ^= 255
    target.write_bytes(changed)
    bring_up_to_date(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert bring_up_to_date(source, target) == 0
