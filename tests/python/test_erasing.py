"""Who asks to be erased goes out of landing, memory and exports, and only counts stay."""

import os
import shutil
import subprocess
import sys

import duckdb
import pytest

from kindred import erasing
from kindred.erasing import MARK, PLAN, erase
from kindred.landing import land
from kindred.landing.contract import TABLES

FILES = {
    "crm/customers/1.csv": """customer_id,login,email,updated_at
C-anna,anna,anna@example.org,2026-01-01
C-bert,bert,bert@example.org,2026-01-01
C-f1,family1,family@example.org,2026-01-01
C-f2,family2,family@example.org,2026-01-01
""",
    "crm/orders/1.csv": """order_id,customer_id,ordered_at,gross_amount
O-anna ,C-anna,2026-01-02,10
O-bert,C-bert,2026-01-02,10
""",
    "crm/order_lines/1.csv": """order_id,customer_id,product_id,quantity,unit_price
o-anna,,p1,1,10
o-bert,,p1,1,10
o-web,,p1,1,10
,,p1,1,10
""",
    "crm/consents/1.csv": """consent_id,customer_id,analytics,changed_at
1,C-anna,granted,2026-01-01
2,C-bert,granted,2026-01-01
""",
    "web/events/1.csv": """anonymous_id,login,name,order_id,sent_at,page
d-anna,,page_view,,2026-01-01T10:00:00Z,https://shop.example/?gclid=click-anna
d-anna,anna,login,,2026-01-01T10:01:00Z,
d-anna,,purchase,O-web,2026-01-01T10:02:00Z,
d-both,anna,login,,2026-01-01T11:00:00Z,
d-both,bert,login,,2026-01-01T12:00:00Z,
d-both,,page_view,,2026-01-01T13:00:00Z,
d-bert,,page_view,,2026-01-01T13:00:00Z,
""",
    "pixel/hits/1.csv": """query_string,received_at
e=open&uid=anna&aid=p-anna,2026-01-01T10:00:00Z
e=open&aid=p-anna&lid=x%20y,2026-01-01T11:00:00Z
e=open&aid=p-bert&pid=anna,2026-01-01T11:00:00Z
""",
    "ads/clicks/1.csv": """click_id,clicked_at,anonymous_id
click-anna,2026-01-01,
click-bert,2026-01-01,
""",
    "decisions/served/1.csv": """decision_id,user_id,anonymous_id,served_at
1,user-of-anna,,2026-01-01
2,,d-anna,2026-01-01
3,user-of-bert,,2026-01-01
""",
    "optimizely/decisions/1.csv": """visitor_id,experiment_id,variation_id,timestamp
anna,e,a,2026-01-01
d-anna,e,a,2026-01-01
d-bert,e,b,2026-01-01
""",
    "growthbook/exposures/1.csv": """user_id,anonymous_id,experiment_id,variation_id,timestamp
anna,,e,a,2026-01-01
,d-anna,e,a,2026-01-01
bert,d-bert,e,b,2026-01-01
""",
}
# (table, batch-independent names of what each table is left with)
LEFT = {
    "crm/customers": ("login", ["bert", "family1", "family2"]),
    "crm/orders": ("order_id", ["O-bert"]),
    "crm/order_lines": ("order_id", ["o-bert", None]),
    "crm/consents": ("customer_id", ["C-bert"]),
    "web/events": ("anonymous_id", ["d-bert", "d-both", "d-both"]),
    "pixel/hits": ("query_string", ["e=open&aid=p-bert&pid=anna"]),
    "ads/clicks": ("click_id", ["click-bert"]),
    "decisions/served": ("user_id", ["user-of-bert"]),
    "optimizely/decisions": ("visitor_id", ["d-bert"]),
    "growthbook/exposures": ("login", ["bert"]),
    "crm/erasures": ("identifier_value", []),
}


def put(home, files):
    for name, text in files.items():
        path = home / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    land(home, salt="salt", report=lambda line: None)


def ask(home, kind, value, number=1):
    put(
        home,
        {
            f"crm/erasures/{number}.csv": "erasure_id,identifier_kind,identifier_value,requested_at"
            f"\n{number},{kind},{value},2026-01-03\n"
        },
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    made = tmp_path_factory.mktemp("shop")
    put(made, FILES)
    return made


@pytest.fixture
def home(tmp_path, shop):
    """A landed shop, the build file that was made of it, and what it exported."""
    shutil.copytree(shop, tmp_path, dirs_exist_ok=True)
    with duckdb.connect(str(tmp_path / "kindred_build.duckdb")) as build:
        build.execute("create schema intermediate; create schema segmentation; create schema marts")
        build.execute(
            "create table intermediate.int_batches__read as "
            "select range as batch, false as is_reset from range(1, 9)"
        )
        build.execute("""
            create table intermediate.int_identities__resolved as
            select * from (values
                ('login', 'anna', 'user-of-anna'), ('customer', 'C-anna', 'user-of-anna'),
                ('anonymous', 'd-anna', 'user-of-anna'), ('anonymous', 'p-anna', 'user-of-anna'),
                ('click', 'click-anna', 'user-of-anna'), ('login', 'bert', 'user-of-bert'),
                ('anonymous', 'd-both', 'user-of-nobody'), ('anonymous', 'd-bert', 'user-of-bert')
            ) as known (identifier_kind, identifier_value, user_id)
        """)
        build.execute(
            "create table segmentation.seg_segment_changes as "
            "select unnest(['user-of-anna', 'user-of-bert', null]) as user_id, 1 as change_number"
        )
        build.execute("create table intermediate.int_time__resolved as select 1 as run_number")
        build.execute("create table marts.dim_users as select 'user-of-anna' as user_id")
    exports = tmp_path / "exports"
    exports.mkdir()
    with duckdb.connect() as connection:
        for name in ("users", "remembered_changes"):
            connection.execute(
                f"copy (select 'user-of-anna' as user_id) to '{exports}/{name}.parquet'"
            )
    return tmp_path


def landed(home, table, column):
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select {column} from read_parquet('{home}/landing/{table}/*/*.parquet', "
            f"union_by_name = true) order by {column}"
        ).fetchall()
    return [row[0] for row in rows]


def state(home):
    """Everything that an erasure leaves, file by file."""
    found = {}
    with duckdb.connect() as connection:
        for file in sorted(home.rglob("*.parquet")):
            found[str(file.relative_to(home))] = connection.execute(
                "select * from read_parquet(?) order by all", [str(file)]
            ).fetchall()
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        for schema, table in build.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall():
            found[table] = build.execute(f"from {schema}.{table} order by all").fetchall()
    return found


def test_a_person_leaves_landing_with_all_identifiers_and_others_stay(home):
    ask(home, "email", "Anna@Example.org ")
    done = erase(home, report=lambda line: None)
    assert {table: landed(home, table, column) for table, (column, _) in LEFT.items()} == {
        table: left for table, (_, left) in LEFT.items()
    }
    assert done.requests == 1
    assert erase(home) is None


def test_rows_in_are_rows_left_and_rows_counted(home):
    ask(home, "login", "anna")
    erase(home, report=lambda line: None)
    ask(home, "login", "bert", number=2)
    erase(home, report=lambda line: None)

    def total(pattern, what):
        with duckdb.connect() as connection:
            return connection.execute(
                f"select sum({what}) from read_parquet({[str(f) for f in pattern]})"
            ).fetchall()[0][0]

    landing = home / "landing"
    for ledger in sorted((landing / "batches").glob("batch=*[!0]*/rows.parquet")):
        folder = ledger.parent.name
        here = list(landing.glob(f"*/*/{folder}/rows.parquet"))
        rows = total([ledger], "rows_landed")
        left = total(here, "1") or 0
        counted = landing / "erased" / folder / "rows.parquet"
        gone = total([counted], "rows_erased") if counted.exists() else 0
        assert rows == left + gone, folder


def test_the_memory_stays_without_the_person_and_the_rest_is_made_anew(home):
    ask(home, "login", "anna")
    erase(home, report=lambda line: None)
    left = state(home)
    assert left["seg_segment_changes"] == [("user-of-bert", 1), (None, 1)]
    assert left["exports/remembered_changes.parquet"] == left["seg_segment_changes"]
    assert left["int_time__resolved"] == [(1,)]
    assert "dim_users" not in left
    assert "int_identities__resolved" not in left
    assert "exports/users.parquet" not in left
    assert (home / "published" / MARK).exists()


def test_without_a_build_file_the_exported_memory_is_kept_for_others(home):
    (home / "kindred_build.duckdb").unlink()
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select unnest(['user-of-bert', md5('login|anna')]) as user_id) "
            f"to '{home}/exports/remembered_changes.parquet'"
        )
    ask(home, "login", "anna")
    erase(home, report=lambda line: None)
    with duckdb.connect() as connection:
        assert connection.execute(
            "from read_parquet(?)", [str(home / "exports" / "remembered_changes.parquet")]
        ).fetchall() == [("user-of-bert",)]
    # nobody has told whose the devices are: the records alone do
    assert landed(home, "web/events", "anonymous_id") == ["d-bert", "d-both", "d-both"]
    assert landed(home, "ads/clicks", "click_id") == ["click-bert"]
    assert landed(home, "pixel/hits", "query_string") == ["e=open&aid=p-bert&pid=anna"]


def test_a_device_that_no_build_has_seen_goes_with_the_person_unless_others_use_it(home):
    put(
        home,
        {
            "web/events/2.csv": """anonymous_id,login,name,sent_at
new-anna,anna,x,2026-01-02T10:00:00Z
new-anna,,x,2026-01-02T10:01:00Z
new-both,anna,x,2026-01-02T10:00:00Z
new-both,bert,x,2026-01-02T10:01:00Z
new-both,,x,2026-01-02T10:02:00Z
"""
        },
    )
    ask(home, "login", "anna")
    erase(home, report=lambda line: None)
    assert landed(home, "web/events", "anonymous_id") == [
        *("d-bert", "d-both", "d-both", "new-both", "new-both")
    ]
    assert "bert" in landed(home, "web/events", "login")


def test_an_address_that_many_share_takes_nobody_along_by_events(tmp_path):
    """More logins than one person has: the records of customers alone tell whose it is."""
    put(
        tmp_path,
        {
            "web/events/1.jsonl": "".join(
                f'{{"anonymous_id": "d{n}", "login": "l{n}", "email": "desk@example.org", '
                '"name": "x", "sent_at": "2026-01-01T10:00:00Z"}\n'
                for n in range(4)
            )
        },
    )
    ask(tmp_path, "login", "l0")
    erase(tmp_path, report=lambda line: None)
    assert landed(tmp_path, "web/events", "login") == ["l1", "l2", "l3"]


def test_every_landed_table_that_can_name_a_person_is_looked_through():
    nobody = {("ads", "costs"), ("crm", "erasures")}
    assert set(erasing.NAMES) == set(TABLES) - nobody


def test_nothing_is_touched_without_a_request(home):
    before = {file: file.stat().st_mtime_ns for file in home.rglob("*.*") if file.is_file()}
    before.pop(home / "landing" / ".lock")
    assert erase(home) is None
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_build_that_runs_is_left_alone_and_the_request_waits(home):
    ask(home, "login", "anna")
    said = []
    code = (
        "import duckdb, sys; build = duckdb.connect(sys.argv[1]); "
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(home / "kindred_build.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        assert erase(home, report=said.append) is None
        other.stdin.close()
    assert "is in use: the requests to erase" in said[0]
    assert "anna" in landed(home, "crm/customers", "login")
    assert erase(home, report=lambda line: None).requests == 1


def test_a_kind_that_nobody_knows_is_named_and_erases_nobody(home):
    ask(home, "cookie", "d-anna")
    said = []
    assert erase(home, report=said.append) is None
    assert said == [
        "a request in crm/erasures names the identifier_kind 'cookie' and erases nobody. Known "
        "are email, phone, customer, login, anonymous, click: land it again with one of them."
    ]


@pytest.mark.parametrize(
    "killed_after",
    ["planned 1", "rows 4", "count 8", "memory 1", "build 1", "exports 1"],
)
def test_an_erasure_that_is_killed_goes_on_where_it_was(home, tmp_path_factory, killed_after):
    ask(home, "email", "anna@example.org")
    whole = tmp_path_factory.mktemp("whole")
    shutil.copytree(home, whole, dirs_exist_ok=True)
    erase(whole, report=lambda line: None)

    code = """
import os, sys
from pathlib import Path
from kindred.erasing import erase
wanted, number = sys.argv[2].split()
seen = []
def step(name):
    seen.append(name)
    if seen.count(wanted) == int(number):
        os._exit(9)
erase(Path(sys.argv[1]), step=step)
"""
    killed = subprocess.run(
        [sys.executable, "-c", code, str(home), killed_after], env=os.environ, check=False
    )
    assert killed.returncode == 9
    assert (home / "landing" / PLAN).exists()
    assert erase(home, report=lambda line: None) is not None
    assert state(home) == state(whole)
    assert not (home / "landing" / PLAN).exists()
    assert not list(home.rglob("*.tmp")) + list(home.rglob("*.erasing*"))
