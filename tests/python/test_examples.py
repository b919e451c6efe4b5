"""The recipes on files in every dress, and the arithmetic of the reconciliation."""

import gzip
import json
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))

import reconcile  # noqa: E402
import run  # noqa: E402

RETAIL = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,"HEART, WHITE",6,12/1/2010 8:26,2.55,17850.0,United Kingdom
536365,85123A,"HEART, WHITE",6,12/1/2010 8:26,2.55,17850.0,United Kingdom
536366,22633,PADS,1,12/13/2010 8:28,0.001,,France
C536367,22633,PADS,-1,12/14/2010 9:00,2.5,17850.0,Belgium
"""
RETAIL_SECOND = """\
Invoice;StockCode;Description;Quantity;InvoiceDate;Price;Customer ID;Country
489434;85048;15CM £ BALL;12;2009-12-01 07:45:00;6.95;13085;Unspecified
A489435;B;bad debt;1;2009-12-02 07:45:00;-11062.06;;United Kingdom
"""
REES46 = """\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-10-01 00:00:00 UTC,view,44600062,21038,,shiseido,35.79,541312140,s1
2019-10-01 00:00:00 UTC,view,44600062,21038,,shiseido,35.79,541312140,s1
2019-10-01 00:00:05 UTC,purchase,3900821,20530,appliances.oven,,33.20,554748717,s2
not a time,purchase,3900821,20530,appliances.oven,,1.10,554748717,s2
"""
PURCHASE = {
    "event_timestamp": "1604190434469608",
    "event_name": "purchase",
    "user_pseudo_id": "36638696.4029295750",
    "items": [
        {"item_id": "a", "price": 13.10, "quantity": 2, "item_revenue": 20.0},
        {"item_id": "b", "price": 0.35, "quantity": 3},
        {"item_id": "c", "item_name": "nothing but a name"},
    ],
}


def cooked(tmp_path, name, pattern, table):
    """The inbox records of one table after the recipe, as a DuckDB relation."""
    home = tmp_path / "home"
    run.run(name, str(pattern), home)
    return duckdb.connect(), home / "inbox" / table


def write(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


# --- recipes -------------------------------------------------------------------------


def test_every_line_of_an_invoice_is_an_order_line_in_the_order_of_the_file(tmp_path):
    path = write(tmp_path, "retail.csv", RETAIL)
    db, inbox = cooked(tmp_path, "online_retail", path, "crm")
    lines = db.execute(
        "select order_id, quantity, unit_price, customer_id, ordered_at, currency, "
        "cast(loaded_at as varchar) = ordered_at "
        f"from '{inbox}/order_lines/retail.parquet'"
    ).fetchall()
    first = ("536365", "6", "2.55", "17850", "2010-12-01 08:26:00", "GBP", True)
    assert lines == [
        first,
        first,
        ("536366", "1", "0.001", None, "2010-12-13 08:28:00", "GBP", True),
        ("C536367", "-1", "2.5", "17850", "2010-12-14 09:00:00", "GBP", True),
    ]
    customers = db.execute(
        "select customer_id, country, cast(updated_at as varchar) "
        f"from '{inbox}/customers/retail.parquet'"
    ).fetchall()
    assert customers == [("17850", "Belgium", "2010-12-01 08:26:00")]


def test_the_second_retail_set_names_its_columns_otherwise(tmp_path):
    path = write(tmp_path, "second.csv.gz", RETAIL_SECOND, encoding="latin-1")
    db, inbox = cooked(tmp_path, "online_retail", path, "crm")
    lines = db.execute(
        "select order_id, product_id, description, unit_price, customer_id, ordered_at "
        f"from '{inbox}/order_lines/second.parquet'"
    ).fetchall()
    assert lines == [
        ("489434", "85048", "15CM £ BALL", "6.95", "13085", "2009-12-01 07:45:00"),
        ("A489435", "B", "bad debt", "-11062.06", None, "2009-12-02 07:45:00"),
    ]


def test_a_parquet_file_with_numbers_and_times_gives_the_same_lines(tmp_path):
    text = write(tmp_path, "retail.csv", RETAIL)
    typed = tmp_path / "typed" / "retail.parquet"
    typed.parent.mkdir()
    duckdb.connect().execute(
        "copy (select * replace ("
        "strptime(InvoiceDate, '%m/%d/%Y %H:%M') as InvoiceDate, "
        "cast(UnitPrice as double) as UnitPrice, cast(Quantity as bigint) as Quantity, "
        "cast(CustomerID as double) as CustomerID) "
        f"from read_csv('{text}', all_varchar = true)) to '{typed}'"
    )
    given = []
    for path in (text, typed):
        db, inbox = cooked(tmp_path, "online_retail", path, "crm")
        given.append(db.execute(f"from '{inbox}/order_lines/retail.parquet'").fetchall())
    assert given[0] == given[1]


def test_a_date_that_cannot_be_read_stays_for_landing_to_reject(tmp_path, capsys):
    path = write(tmp_path, "odd.csv", RETAIL + "536368,1,x,1,soon,1.23456,17850,United Kingdom\n")
    db, inbox = cooked(tmp_path, "online_retail", path, "crm")
    assert db.execute(
        f"select ordered_at, loaded_at from '{inbox}/order_lines/odd.parquet' "
        "where order_id = '536368'"
    ).fetchall() == [("soon", None)]
    assert "1 prices have more than 4 decimals" in capsys.readouterr().out


def test_shop_events_keep_their_session_and_only_purchases_bring_money(tmp_path):
    path = write(tmp_path, "2019-Oct.csv.gz", REES46)
    db, inbox = cooked(tmp_path, "rees46", path, "web/events")
    events = db.execute(
        "select name, anonymous_id, session_id, price, revenue, category, properties, "
        f"cast(sent_at as varchar), sent_at is not distinct from loaded_at "
        f"from '{inbox}/2019-Oct.parquet'"
    ).fetchall()
    view = ("view", "541312140", "s1", "35.79", None, None, '{"brand":"shiseido"}')
    bought = ("purchase", "554748717", "s2")
    assert events == [
        (*view, "2019-10-01 00:00:00", True),
        (*view, "2019-10-01 00:00:00", True),
        (
            *bought,
            "33.20",
            "33.20",
            "appliances.oven",
            None,
            "2019-10-01 00:00:05",
            True,
        ),
        (*bought, "1.10", "1.10", "appliances.oven", None, None, True),
    ]


def test_ga4_records_stay_as_they_are_but_for_the_moment_they_are_loaded(tmp_path):
    line = json.dumps(PURCHASE)
    write(tmp_path, "events_20201101.json", f"{line}\n{{broken\n\n{{}}\n")
    write(tmp_path, "events_intraday_20201102.ndjson.gz", f"{line}\n")
    write(tmp_path, "events_20201103.json", json.dumps([PURCHASE, PURCHASE], indent=1))
    _, inbox = cooked(tmp_path, "merchandise_store", tmp_path / "events_*", "ga4/events")
    texts = {
        path.name: gzip.decompress(path.read_bytes()).decode().splitlines()
        for path in inbox.iterdir()
    }
    loaded = '{"loaded_at":1604190434469608,' + line[1:]
    assert texts["events_20201101.ndjson.gz"] == [loaded, "{", "{}"]
    assert texts["events_intraday_20201102.ndjson.gz"] == [loaded]
    assert [json.loads(one) for one in texts["events_20201103.ndjson.gz"]] == [
        json.loads(loaded)
    ] * 2


def test_ga4_records_may_lie_in_parquet(tmp_path):
    source = write(tmp_path, "a.json", json.dumps(PURCHASE))
    path = tmp_path / "export.parquet"
    duckdb.connect().execute(
        f"copy (from read_json('{source}', columns = {{event_timestamp: 'bigint', "
        "event_name: 'varchar', user_pseudo_id: 'varchar'})) "
        f"to '{path}'"
    )
    _, inbox = cooked(tmp_path, "merchandise_store", path, "ga4/events")
    record = json.loads(gzip.decompress((inbox / "export.ndjson.gz").read_bytes()).decode())
    assert record == {
        "loaded_at": 1604190434469608,
        "event_timestamp": 1604190434469608,
        "event_name": "purchase",
        "user_pseudo_id": "36638696.4029295750",
    }


def test_a_second_run_replaces_the_first_byte_for_byte(tmp_path):
    path = write(tmp_path, "events.csv", REES46)
    home = tmp_path / "home"
    first = {one: one.read_bytes() for one in run.run("rees46", str(path), home)}
    (home / "landing" / "old").mkdir(parents=True)
    (home / "kindred_build.duckdb").touch()
    second = {one: one.read_bytes() for one in run.run("rees46", str(path), home)}
    assert first == second
    assert {one.name for one in home.iterdir()} == {".example", "inbox"}


def test_a_file_of_another_set_is_refused_and_the_former_inbox_stays(tmp_path):
    home = tmp_path / "home"
    kept = run.run("rees46", str(write(tmp_path, "events.csv", REES46)), home)
    other = write(tmp_path, "retail.csv", RETAIL)
    with pytest.raises(run.ExampleError, match=r"lacks event_time, event_type"):
        run.run("rees46", str(other), home)
    assert all(path.exists() for path in kept)
    assert {one.name for one in home.iterdir()} == {".example", "inbox"}


def test_a_home_that_is_no_examples_is_left_alone(tmp_path):
    mine = tmp_path / "home" / "landing" / "mine"
    mine.mkdir(parents=True)
    with pytest.raises(run.ExampleError, match="no example put there"):
        run.run("rees46", str(write(tmp_path, "e.csv", REES46)), tmp_path / "home")
    assert mine.exists()


@pytest.mark.parametrize(
    ("name", "file", "sentence"),
    [
        ("rees47", "events.csv", "there is no set"),
        ("rees46", "gone.csv", "there is no file"),
        ("online_retail", "Online Retail.xlsx", "save a spreadsheet as CSV"),
        ("rees46", "cut.csv.gz", "cannot be read"),
        ("merchandise_store", "events.csv", "nested JSON"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(tmp_path, capsys, name, file, sentence):
    write(tmp_path, "events.csv", REES46)
    write(tmp_path, "Online Retail.xlsx", "PK")
    packed = gzip.compress(REES46.encode() * 50)
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    code = run.main([name, str(tmp_path / file), str(tmp_path / "home")])
    assert code == 2
    assert sentence in capsys.readouterr().err


# --- reconciliation ------------------------------------------------------------------


def built(home, kept_sql, outcomes):
    """A home with the two marts that the reconciliation reads, and no more."""
    (home / "published").mkdir(parents=True)
    with duckdb.connect(str(home / "published" / "kindred.duckdb")) as db:
        db.execute("create schema marts")
        db.execute(kept_sql)
        db.execute(
            "create table marts.fct_row_outcomes (source varchar, "
            "source_table varchar, outcome varchar, row_count bigint, "
            "amount decimal(18, 4))"
        )
        db.executemany("insert into marts.fct_row_outcomes values (?, ?, ?, ?, ?)", outcomes)
    return home


def events_kept(source, rows):
    values = ", ".join(f"('{source}', {revenue})" for revenue in rows)
    return (
        "create table marts.fct_events as select source, "
        f"cast(revenue as decimal(18, 4)) as revenue from (values {values}) "
        "as given (source, revenue)"
    )


def rees46_home(tmp_path, kept=("null", "33.20"), duplicates=1, counted=("2", "33.20")):
    return built(
        tmp_path / "home",
        events_kept("web", kept),
        [
            ("web", "events", "kept", *counted),
            ("web", "events", "duplicate", duplicates, "0"),
            ("web", "events", "impossible_time", 1, "1.10"),
            ("ga4", "events", "kept", 99, "99"),
        ],
    )


def test_a_file_is_accounted_for_by_kept_duplicate_and_quarantined_rows(tmp_path, capsys):
    path = write(tmp_path, "events.csv.gz", REES46)
    home = rees46_home(tmp_path)
    assert reconcile.main(["rees46", str(path), str(home)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:6] == [
        ["input", "4", "34.3000"],
        ["kept", "2", "33.2000"],
        ["duplicate", "1", "0.0000"],
        ["impossible_time", "1", "1.1000"],
        ["residual", "0", "0.0000"],
    ]
    # each is a quarter of the rows, so each has its sentence
    assert [line[:6] for line in lines[6:]] == [["25.0", "%", "of", "the", "rows", "are"]] * 2


@pytest.mark.parametrize(
    "planted",
    [
        {"kept": ("null", "33.21"), "counted": ("2", "33.21")},
        {"kept": ("33.20",), "counted": ("1", "33.20")},
        {"duplicates": 2},
        # the outcomes and the marts tell different stories
        {"counted": ("3", "33.20")},
        {"counted": ("2", "33.19")},
    ],
)
def test_a_lost_row_or_cent_is_a_residual_and_fails(tmp_path, capsys, planted):
    path = write(tmp_path, "events.csv", REES46)
    home = rees46_home(tmp_path, **planted)
    assert reconcile.main(["rees46", str(path), str(home)]) == 1
    assert capsys.readouterr().out


def retail_home(tmp_path, revenue, outcomes):
    return built(
        tmp_path / "home",
        "create table marts.fct_orders as select 'crm' as source, 4 as line_count, "
        f"cast({revenue} as decimal(18, 4)) as revenue",
        [("crm", "order_lines", *one) for one in outcomes],
    )


@pytest.mark.parametrize("revenue, code", [("28.1010", 0), ("28.1000", 1)])
def test_order_lines_are_summed_to_the_tenth_of_a_penny(tmp_path, revenue, code):
    path = write(tmp_path, "retail.csv", RETAIL)
    home = retail_home(tmp_path, revenue, [("kept", 4, revenue)])
    assert reconcile.main(["online_retail", str(path), str(home)]) == code


def test_money_of_a_rejected_record_is_looked_up_in_the_file(tmp_path, capsys):
    path = write(
        tmp_path,
        "retail.csv",
        RETAIL + "536368,1,x,2,soon,4.5,17850,United Kingdom\n",
    )
    home = retail_home(tmp_path, "28.1010", [("kept", 4, "28.1010"), ("unparsable", 1, "0")])
    rejects = home / "landing" / "rejects" / "batch=000000000001"
    rejects.mkdir(parents=True)
    duckdb.connect().execute(
        "copy (select 'crm' as source, 'order_lines' as source_table, "
        "'crm/order_lines/retail.parquet' as source_file, "
        f"cast(5 as bigint) as source_line) to '{rejects}/rows.parquet'"
    )
    assert reconcile.main(["online_retail", str(path), str(home)]) == 0
    assert ["unparsable", "1", "9.0000"] in [
        line.split() for line in capsys.readouterr().out.splitlines()
    ]


@pytest.mark.parametrize(
    ("change", "money"),
    [
        # two of an item cost less than twice one; an item without money brings none
        ({}, "21.05"),
        ({"ecommerce": {"purchase_revenue": 19.5}}, "19.5"),
        ({"ecommerce": {"purchase_revenue_in_usd": 23.99}}, "23.99"),
        ({"items": [], "event_params": []}, "0"),
        (
            {
                "items": [],
                "event_params": [{"key": "value", "value": {"int_value": 7}}],
            },
            "7",
        ),
        ({"event_name": "refund"}, "-21.05"),
        ({"event_name": "page_view"}, "0"),
    ],
)
def test_a_ga4_purchase_is_worth_its_own_revenue_else_that_of_its_items(change, money):
    event = json.loads(json.dumps({**PURCHASE, **change}), parse_float=Decimal)
    assert reconcile.ga4_money(event) == Decimal(money)


def test_ga4_files_are_counted_line_by_line_or_as_one_array(tmp_path):
    line = json.dumps(PURCHASE)
    files = [
        write(tmp_path, "a.ndjson.gz", f"{line}\n{{broken\n\n{{}}\n"),
        write(tmp_path, "b.json", json.dumps([PURCHASE, PURCHASE])),
    ]
    total, rejected = reconcile.read_input("merchandise_store", files, {"a": {1, 2}})
    assert (total.rows, total.money, rejected) == (
        5,
        Decimal("63.15"),
        Decimal("21.05"),
    )


def test_without_a_build_there_is_nothing_to_compare(tmp_path, capsys):
    path = write(tmp_path, "events.csv", REES46)
    assert reconcile.main(["rees46", str(path), str(tmp_path / "home")]) == 2
    assert "no build yet" in capsys.readouterr().err
