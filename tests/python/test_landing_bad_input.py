"""What the outside may drop: it lands, or it is set aside with a reason; nothing is lost."""

import gzip
import json
from datetime import datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_landing import lines, put, rows, run

GOOD = {"anonymous_id": "a", "name": "page_view", "sent_at": "2026-02-01T10:00:00Z"}
INSIDE = "web/events"


def outcome(home):
    """Landed rows, and rejects as (file, line, reason)."""
    landed = rows(home, INSIDE, "source_file, source_line")
    return len(landed), rows(home, "rejects", "source_file, source_line, reason")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cut.jsonl.gz", gzip.compress(lines(GOOD).encode() * 50)[:-20], "truncated_gzip"),
        ("wrong_sum.jsonl.gz", gzip.compress(b"{}" * 9)[:-8] + b"\0" * 8, "broken_gzip"),
        ("no_gzip.jsonl.gz", b"plain text", "broken_gzip"),
        ("latin.jsonl", '{"name": "caf\xe9"}'.encode("latin-1"), "wrong_encoding"),
        ("utf16.jsonl", lines(GOOD).encode("utf-16"), "wrong_encoding"),
        ("nul.jsonl", b'{"name": "a\0b"}', "null_bytes"),
        ("footer.parquet", b"PAR1 and then nothing", "unreadable_file"),
        ("array.json", b'[{"name": "a"}, {"name": ', "unreadable_file"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_and_the_others_land(
    tmp_path, name, content, reason
):
    put(tmp_path, f"{INSIDE}/a_good_one.jsonl", lines(GOOD))
    put(tmp_path, f"{INSIDE}/{name}", content)
    put(tmp_path, f"{INSIDE}/z_good_one.jsonl", lines(GOOD | {"anonymous_id": "z"}))
    run(tmp_path)
    landed, rejects = outcome(tmp_path)
    assert landed == 2
    assert len(rejects) == 1
    assert rejects[0][0] == f"{INSIDE}/{name}"
    assert rejects[0][2].startswith(reason)


@pytest.mark.parametrize(
    "name", ["b*.csv", "a[1].csv", "x?.csv", "it's.csv", "- dash.csv", "{a,b}.csv", "naïve 🛒.csv"]
)
def test_a_files_name_is_a_name_and_no_pattern(tmp_path, name):
    for other in ("b1.csv", "a1.csv", "xy.csv", "a.csv", "b.csv"):
        put(tmp_path, f"{INSIDE}/{other}", f"anonymous_id,name,sent_at\n{other},x,2026-02-01\n")
    put(tmp_path, f"{INSIDE}/{name}", "anonymous_id,name,sent_at\nmine,x,2026-02-01\n")
    run(tmp_path)
    found = rows(tmp_path, INSIDE, "source_file, anonymous_id")
    assert len(found) == 6
    assert (f"{INSIDE}/{name}", "mine") in found


def test_a_login_that_is_an_address_stays_one_of_its_own(tmp_path):
    put(
        tmp_path,
        f"{INSIDE}/logins.jsonl",
        lines(
            GOOD | {"login": "Ann@Shop.example"},
            GOOD | {"login": "bob@shop.example"},
            GOOD | {"login": "ann%40shop.example"},
            GOOD | {"login": "carl"},
            GOOD | {"email": "ann@shop.example"},
        ),
    )
    put(
        tmp_path,
        "crm/customers/c.csv",
        "login,updated_at\nbob@shop.example,2026-02-01\n",
    )
    run(tmp_path)
    found = rows(tmp_path, INSIDE, "login, email_hash")
    logins = [login for login, _ in found]
    assert logins[0] == logins[2] != logins[1]
    assert logins[3] == "carl"
    assert found[0][1] == found[4][1] == found[2][1]  # the address is known by its hash, too
    assert found[3][1] is None
    assert rows(tmp_path, "crm/customers", "login") == [(logins[1],)]
    assert not any("@" in login for login in logins if login)


def test_every_text_lands_unchanged(tmp_path):
    texts = [
        "🛒 „quotes“ 'single' \"double\" \\ back",
        "'; drop table landing; --",
        "{{ env_var('SALT') }} {% raw %}",
        "a\ttab, a comma; a | bar",
        "x" * 10_000_000,
    ]
    put(tmp_path, f"{INSIDE}/t.jsonl", lines(*(GOOD | {"category": text} for text in texts)))
    run(tmp_path)
    assert [row[0] for row in rows(tmp_path, INSIDE, "category")] == texts


def test_a_byte_order_mark_and_other_line_ends_do_no_harm(tmp_path):
    content = lines(GOOD, GOOD | {"anonymous_id": "b"}).replace("\n", "\r\n\r\n")
    put(tmp_path, f"{INSIDE}/bom.jsonl", b"\xef\xbb\xbf" + content.encode())
    run(tmp_path)
    assert [row[0] for row in rows(tmp_path, INSIDE, "anonymous_id")] == ["a", "b"]


def test_missing_columns_are_null_and_extra_ones_are_kept(tmp_path):
    put(tmp_path, f"{INSIDE}/c.csv", "sent_at,colour\n2026-02-01,red\n")
    run(tmp_path)
    assert rows(tmp_path, INSIDE, "anonymous_id, extra") == [(None, '{"colour":"red"}')]


def test_changed_types_are_read_or_rejected_by_name(tmp_path):
    put(
        tmp_path,
        f"{INSIDE}/types.jsonl",
        lines(
            GOOD | {"price": "12.50"},
            GOOD | {"price": -3},
            GOOD | {"price": "cheap"},
            GOOD | {"price": 1e30},
            GOOD | {"price": "NaN"},
            GOOD | {"sent_at": 1769940000},
            GOOD | {"sent_at": "2099-01-01T00:00:00+02:00"},
            GOOD | {"sent_at": "soon"},
            GOOD | {"anonymous_id": 7},
        ),
    )
    run(tmp_path)
    found = rows(tmp_path, INSIDE, "source_line, price::double, sent_at, anonymous_id")
    assert [row[0] for row in found] == [1, 2, 6, 7, 9]
    assert [row[1] for row in found[:2]] == [12.5, -3]
    assert found[2][2] == datetime(2026, 2, 1, 10)
    assert found[3][2] == datetime(2098, 12, 31, 22)
    assert found[4][3] == "7"
    rejects = rows(tmp_path, "rejects", "source_line, reason")
    assert sorted(rejects) == [
        (3, "bad_value:price"),
        (4, "bad_value:price"),
        (5, "bad_value:price"),
        (8, "bad_value:sent_at"),
    ]


def test_what_is_set_aside_keeps_no_payload(tmp_path):
    put(tmp_path, f"{INSIDE}/secret.jsonl", b'{"login": "not for anyone", broken\n')
    run(tmp_path)
    with duckdb.connect() as connection:
        found = connection.execute(
            "select * from read_parquet(?)", [str(tmp_path / "landing/rejects/*/*.parquet")]
        ).fetchall()
    assert len(found) == 1
    assert not any("not for anyone" in str(value) for value in found[0])


record = st.fixed_dictionaries(
    {},
    optional={
        "anonymous_id": st.one_of(st.text(max_size=5), st.integers(), st.none()),
        "sent_at": st.sampled_from(["2026-02-01", "1769940000", "never", "", None, 5]),
        "price": st.sampled_from([1, -1.5, "2", "x", None, [], {"a": 1}]),
        "properties": st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
        "colour": st.text(max_size=5),
    },
)
line = st.one_of(
    record.map(json.dumps),
    st.sampled_from(["", "   ", "{", "[1, 2]", "7", '"text"', "null", '{"a": }']),
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(files=st.lists(st.lists(line, max_size=8), min_size=1, max_size=3), packed=st.booleans())
def test_rows_in_are_rows_accounted_for(tmp_path_factory, files, packed):
    home = tmp_path_factory.mktemp("home")
    contents = {}
    for number, content in enumerate(files):
        text = "\n".join(content)
        if text.lstrip()[:1] == "[":
            text = "{}\n" + text  # one array is one file of its own
        contents.setdefault(text, number)
        raw = text.encode()
        name = f"{INSIDE}/{number}.jsonl" + (".gz" if packed else "")
        put(home, name, gzip.compress(raw, mtime=0) if packed else raw)
    run(home)
    expected = sum(1 for text in contents for one in text.split("\n") if one.strip())
    landed, rejects = outcome(home)
    assert landed + len(rejects) == expected
    ledger = rows(home, "batches", "rows_in, rows_landed, rows_rejected")
    assert sum(row[0] for row in ledger) == expected
    assert sum(row[1] for row in ledger) == landed
    again, _ = run(home)
    assert again == []
