import gzip
import json
import os
from datetime import datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kindred.landing import LandingError, ensure_layout, land
from kindred.landing.contract import BATCHES, TABLES, landed_columns

NOW = datetime(2026, 3, 1, 12)
SALT = "a test's salt"


def put(home, inside, content):
    path = home / "inbox" / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content)
    return path


def lines(*records):
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)


def run(home, salt=SALT):
    said = []
    reports = land(home, salt=salt, now=NOW, report=said.append)
    return reports, said


def rows(home, table, columns="*"):
    order = "file_sha256" if table == "batches" else "source_line"
    with duckdb.connect() as connection:
        return connection.execute(
            f"select {columns} from read_parquet(?) order by source_file, {order}",
            [str(home / "landing" / table / "*" / "*.parquet")],
        ).fetchall()


def test_every_table_is_there_before_anything_was_landed(tmp_path):
    ensure_layout(tmp_path / "landing")
    for source, table in TABLES:
        assert rows(tmp_path, f"{source}/{table}") == []


def test_an_empty_table_has_the_types_of_its_contract(tmp_path):
    ensure_layout(tmp_path / "landing")
    with duckdb.connect() as connection:
        for source, table in TABLES:
            found = connection.execute(
                "describe select * exclude (batch) from read_parquet(?)",
                [str(tmp_path / "landing" / source / table / "*" / "*.parquet")],
            ).fetchall()
            assert [row[0] for row in found] == [
                column.name for column in landed_columns(source, table)
            ]


def test_every_field_stands_in_the_documentation(request):
    text = (request.config.rootpath / "docs" / "sources.md").read_text()
    for (source, table), columns in TABLES.items():
        section = text.split(f"### {source}/{table}\n")[1].split("\n### ")[0]
        for column in columns:
            for name in (column.hashes or column.name, *column.aliases):
                assert f"`{name}`" in section, f"{source}/{table}: {name}"
    for column in BATCHES:
        assert f"`{column.name}`" in text


RECORD = {
    "order_id": " a1 ",
    "product_id": "p'1; drop table x",
    "description": 'emoji \N{PARTY POPPER} "quoted"',
    "quantity": "2",
    "unit_price": "3.5",
    "ordered_at": "2026-02-01T10:00:00+01:00",
}


def written(path, form):
    """The record as a file's bytes in one of the formats."""
    if form.startswith("jsonl"):
        content = lines(RECORD).encode()
    elif form == "json":
        content = json.dumps([RECORD]).encode()
    elif form.startswith("csv"):
        quoted = ('"' + str(value).replace('"', '""') + '"' for value in RECORD.values())
        content = f"{','.join(RECORD)}\n{','.join(quoted)}\n".encode()
    else:
        names = ", ".join(f'? as "{key}"' for key in RECORD)
        with duckdb.connect() as connection:
            connection.execute(f"create table t as select {names}", list(RECORD.values()))
            connection.execute(f"copy t to '{path}' (format parquet)")
        content = path.read_bytes()
    return gzip.compress(content) if form.endswith(".gz") else content


def test_a_record_lands_the_same_from_every_format(tmp_path):
    forms = ["jsonl", "jsonl.gz", "json", "csv", "csv.gz", "parquet"]
    for form in forms:
        path = put(tmp_path, f"crm/order_lines/x.{form}", "")
        path.write_bytes(written(path, form))
    reports, _ = run(tmp_path)
    assert [(one.rows_landed, one.rows_rejected) for one in reports] == [(1, 0)] * len(forms)
    names = "order_id, product_id, description, quantity, unit_price, ordered_at, payload_hash"
    landed = set(rows(tmp_path, "crm/order_lines", names))
    assert len(landed) == 1
    order_id, product_id, description, quantity, price, ordered_at, _ = landed.pop()
    assert (order_id, product_id) == (RECORD["order_id"], RECORD["product_id"])
    assert description == RECORD["description"]
    assert (float(quantity), float(price)) == (2.0, 3.5)
    assert ordered_at == datetime(2026, 2, 1, 9)


def test_landing_a_file_twice_adds_nothing_under_any_name(tmp_path):
    put(tmp_path, "web/events/a.jsonl", lines({"anonymous_id": "a", "name": "view"}))
    run(tmp_path)
    put(tmp_path, "web/events/b.jsonl", lines({"anonymous_id": "a", "name": "view"}))
    reports, _ = run(tmp_path)
    assert reports == []
    assert len(rows(tmp_path, "web/events")) == 1


def test_a_file_that_stayed_as_it_was_is_not_read_again(tmp_path, monkeypatch):
    long_ago(put(tmp_path, "web/events/a.jsonl", lines({"anonymous_id": "a", "name": "view"})))
    run(tmp_path)
    monkeypatch.setattr("kindred.landing.landing.sha256_of", lambda path: pytest.fail("read"))
    reports, _ = run(tmp_path)
    assert reports == []


def test_a_file_that_was_written_anew_under_its_name_lands(tmp_path):
    long_ago(put(tmp_path, "web/events/a.jsonl", lines({"anonymous_id": "a", "name": "view"})))
    run(tmp_path)
    put(tmp_path, "web/events/a.jsonl", lines({"anonymous_id": "b", "name": "view"}))
    reports, _ = run(tmp_path)
    assert [one.rows_landed for one in reports] == [1]


def test_a_file_that_was_written_anew_within_a_tick_of_the_clock_lands(tmp_path):
    path = put(tmp_path, "web/events/a.jsonl", lines({"anonymous_id": "a", "name": "view"}))
    status = path.stat()
    run(tmp_path)
    put(tmp_path, "web/events/a.jsonl", lines({"anonymous_id": "b", "name": "view"}))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    reports, _ = run(tmp_path)
    assert [one.rows_landed for one in reports] == [1]


def long_ago(path):
    os.utime(path, (1_750_000_000, 1_750_000_000))


def test_a_record_keeps_its_own_moment_of_loading(tmp_path):
    own = {"anonymous_id": "a", "loaded_at": "2026-01-05 10:00:00"}
    put(tmp_path, "web/events/a.jsonl", lines(own, {"anonymous_id": "b"}))
    run(tmp_path)
    assert rows(tmp_path, "web/events", "loaded_at") == [(datetime(2026, 1, 5, 10),), (NOW,)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-01 10:00:00 UTC",
        "2026-02-01T10:00:00Z",
        "2026-02-01T12:00:00+02:00",
        "1769940000",
        "1769940000000",
        "1769940000000000",
    ],
)
def test_times_are_utc_however_they_are_written(tmp_path, text):
    put(tmp_path, "web/events/a.jsonl", lines({"anonymous_id": "a", "sent_at": text}))
    run(tmp_path)
    assert rows(tmp_path, "web/events", "sent_at") == [(datetime(2026, 2, 1, 10),)]


def test_a_broken_line_is_rejected_with_its_number_and_hash_and_the_rest_lands(tmp_path):
    put(tmp_path, "web/events/a.jsonl", '{"name":"x"}\n{"name": broken\n[1]\n{"name":"y"}\n')
    reports, _ = run(tmp_path)
    assert reports[0].rejects == {"broken_json": 1, "not_an_object": 1}
    rejects = rows(tmp_path, "rejects", "source_table, source_line, reason, length(payload_hash)")
    assert rejects == [("events", 2, "broken_json", 32), ("events", 3, "not_an_object", 32)]
    assert rows(tmp_path, "web/events", "name") == [("x",), ("y",)]


def test_money_that_is_no_number_rejects_the_record(tmp_path):
    put(tmp_path, "crm/order_lines/a.csv", "order_id,quantity,unit_price\n1,2,3\n2,two,3\n")
    reports, _ = run(tmp_path)
    assert reports[0].rejects == {"bad_value:quantity": 1}


def test_an_optional_value_that_cannot_be_read_is_kept_as_it_came(tmp_path):
    put(tmp_path, "crm/customers/a.jsonl", lines({"customer_id": "c", "birth_date": "soon"}))
    run(tmp_path)
    found = rows(tmp_path, "crm/customers", "birth_date, extra")
    assert found == [(None, '{"birth_date":"soon"}')]


def test_unknown_fields_are_kept_as_json(tmp_path):
    put(tmp_path, "crm/orders/a.csv", "order_id,shop\n1,north\n2,\n")
    put(tmp_path, "crm/orders/b.jsonl", lines({"order_id": "3", "shop": {"name": "south"}}))
    run(tmp_path)
    found = rows(tmp_path, "crm/orders", "extra")
    assert found == [('{"shop":"north"}',), (None,), ('{"shop":{"name":"south"}}',)]


def test_a_truncated_gzip_is_rejected_whole(tmp_path):
    content = gzip.compress(lines(*({"name": str(n)} for n in range(1000))).encode())
    put(tmp_path, "web/events/a.jsonl.gz", content[:-20])
    reports, _ = run(tmp_path)
    assert reports[0].rejects == {"truncated_gzip": 1}
    assert rows(tmp_path, "web/events") == []


def test_another_encoding_is_rejected_whole_and_a_byte_order_mark_is_not(tmp_path):
    put(tmp_path, "web/events/a.jsonl", '{"name":"caf\u00e9"}'.encode("latin-1"))
    put(tmp_path, "web/events/b.jsonl", b"\xef\xbb\xbf" + b'{"name":"first"}\n{"name":"second"}')
    put(tmp_path, "crm/orders/c.csv", b"\xef\xbb\xbforder_id\n7\n")
    reports, _ = run(tmp_path)
    assert reports[1].rejects == {"wrong_encoding": 1}
    assert rows(tmp_path, "web/events", "name") == [("first",), ("second",)]
    assert rows(tmp_path, "crm/orders", "order_id") == [("7",)]


def test_a_csv_line_with_too_many_fields_is_rejected(tmp_path):
    put(tmp_path, "crm/orders/a.csv", "order_id,status\n1,placed\n2,placed,extra,more\n3,placed\n")
    reports, _ = run(tmp_path)
    assert (reports[0].rows_landed, reports[0].rows_rejected) == (2, 1)
    assert [row[0] for row in rows(tmp_path, "rejects", "source_line")] == [3]


def test_an_empty_file_lands_as_nothing(tmp_path):
    put(tmp_path, "web/events/a.jsonl", "")
    reports, _ = run(tmp_path)
    assert (reports[0].rows_in, reports[0].rows_landed) == (0, 0)


def test_a_file_in_no_tables_folder_stops_with_its_path(tmp_path):
    put(tmp_path, "web/evnts/a.jsonl", "{}")
    with pytest.raises(LandingError, match=r"evnts.*web/events"):
        run(tmp_path)


def test_an_unknown_ending_stops_with_the_allowed_ones(tmp_path):
    put(tmp_path, "web/events/a.xlsx", "{}")
    with pytest.raises(LandingError, match=r"a\.xlsx.*\.parquet"):
        run(tmp_path)


def test_a_missing_salt_stops_before_a_clear_address_is_landed(tmp_path):
    put(tmp_path, "crm/customers/a.jsonl", lines({"customer_id": "c", "email": "Ann@Example.com"}))
    with pytest.raises(LandingError, match="KINDRED_SALT"):
        run(tmp_path, salt=None)
    assert rows(tmp_path, "crm/customers") == []


def test_addresses_differing_in_case_and_space_have_one_hash(tmp_path):
    one, other = {"email": " Ann@Example.com"}, {"email": "ann@example.com "}
    put(tmp_path, "crm/customers/a.jsonl", lines(one, other))
    run(tmp_path)
    first, second = rows(tmp_path, "crm/customers", "email_hash")
    assert first == second
    assert len(first[0]) == 64


def test_another_salt_makes_other_hashes(tmp_path):
    found = set()
    for salt in ("one", "other"):
        home = tmp_path / salt
        put(home, "crm/customers/a.jsonl", lines({"email": "ann@example.com", "phone": "12 34"}))
        run(home, salt=salt)
        found |= set(rows(home, "crm/customers", "email_hash, phone_hash"))
    assert len(found) == 2


def test_a_hash_that_is_given_passes_through(tmp_path):
    put(tmp_path, "crm/customers/a.jsonl", lines({"email_hash": "AB" * 32}))
    run(tmp_path, salt=None)
    assert rows(tmp_path, "crm/customers", "email_hash") == [("ab" * 32,)]


def test_no_clear_address_or_number_is_left_anywhere(tmp_path):
    put(
        tmp_path,
        "web/events/a.jsonl",
        lines(
            {
                "anonymous_id": "a",
                "page": "https://shop.test/?mail=ann%40example.com",
                "properties": {"email": "ann@example.com", "phone": "+49 123 456", "n": 1},
                "note": "ask ann@example.com",
                "phone": "+49 123 456",
            }
        ),
    )
    put(tmp_path, "pixel/hits/a.csv", "query_string\n?e=open&em=ann%40example.com\n")
    put(
        tmp_path,
        "ga4/events/a.jsonl",
        lines(
            {
                "user_pseudo_id": "1.10",
                "event_timestamp": "1769940000000000",
                "user_properties": [
                    {"key": "email", "value": {"string_value": "ann@example.com"}},
                    {"key": "phone", "value": {"string_value": "+49 123 456"}},
                ],
            }
        ),
    )
    run(tmp_path)
    for table in ("web/events", "pixel/hits", "ga4/events"):
        text = str(rows(tmp_path, table))
        assert "ann" not in text.replace("channel", ""), table
        assert "123 456" not in text, table
    hashes = {rows(tmp_path, table, "email_hash")[0][0] for table in ("pixel/hits", "ga4/events")}
    assert len(hashes) == 1
    for file in (tmp_path / "landing").rglob("*.parquet"):
        assert b"ann@" not in file.read_bytes()


def test_a_query_that_decodes_to_no_text_lands_without_an_address(tmp_path):
    put(tmp_path, "pixel/hits/a.csv", "query_string\n?e=open&aid=a1&em=%ff%fe@x.de\n")
    reports, _ = run(tmp_path)
    assert reports[0].rows_landed == 1


def test_a_pseudo_id_that_looks_like_a_number_stays_text(tmp_path):
    put(
        tmp_path,
        "ga4/events/events_intraday_20260301.jsonl",
        lines({"user_pseudo_id": "1146540.1921992520", "event_timestamp": 1769940000000000}),
    )
    run(tmp_path)
    found = rows(tmp_path, "ga4/events", "user_pseudo_id, event_timestamp, is_intraday")
    assert found == [("1146540.1921992520", 1769940000000000, True)]


def test_a_run_that_died_before_its_commit_leaves_nothing(tmp_path):
    ensure_layout(tmp_path / "landing")
    for side in ("rejects", "batches"):
        orphan = tmp_path / "landing" / side / "batch=000000000001"
        orphan.mkdir()
        template = tmp_path / "landing" / side / "batch=000000000000" / "rows.parquet"
        (orphan / "rows.parquet").write_bytes(template.read_bytes())
    (tmp_path / "landing" / ".tmp-left").mkdir()
    put(tmp_path, "web/events/a.jsonl", lines({"name": "x"}))
    reports, _ = run(tmp_path)
    assert reports[0].rows_landed == 1
    assert len(rows(tmp_path, "batches")) == 1
    assert not list((tmp_path / "landing").glob(".tmp-*"))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"])),
            st.fixed_dictionaries(
                {"name": st.text(max_size=5), "revenue": st.one_of(st.integers(), st.text())}
            ).map(json.dumps),
        ),
        max_size=8,
    )
)
def test_every_record_of_a_file_is_landed_or_rejected(tmp_path_factory, texts):
    home = tmp_path_factory.mktemp("fuzz")
    put(home, "web/events/a.jsonl", "\n".join(texts))
    reports, _ = run(home)
    said = reports[0]
    landed = len(rows(home, "web/events"))
    rejected = len(rows(home, "rejects"))
    assert said.rows_in == landed + rejected
    if not said.rejects.keys() - {"broken_json", "not_an_object", "bad_value:revenue"}:
        assert said.rows_in == sum(bool(text.strip(" \t")) for text in texts)
