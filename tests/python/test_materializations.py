"""Tables, views and incremental tables of a small dbt project that has only our macros."""

import shutil
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[2]
MACROS = [
    *(PROJECT / "macros" / "materializations").glob("*.sql"),
    PROJECT / "macros/persist_docs.sql",
    PROJECT / "macros/newest_run.sql",
    PROJECT / "tests/generic/unique_where_touched.sql",
]
SETTINGS = """
name: small
version: "1.0.0"
profile: small
flags: {send_anonymous_usage_stats: false}
models: {+persist_docs: {relation: true, columns: true}}
"""
PROFILE = """
small:
  target: here
  outputs: {here: {type: duckdb, path: PATH, threads: 1}}
"""


class SmallProject:
    """Models as texts; what dbt makes of them."""

    def __init__(self, folder: Path):
        self.folder, self.database = folder, folder / "small.duckdb"
        (folder / "macros").mkdir()
        (folder / "models").mkdir()
        for macro in MACROS:
            shutil.copy(macro, folder / "macros")
        (folder / "dbt_project.yml").write_text(SETTINGS)
        (folder / "profiles.yml").write_text(PROFILE.replace("PATH", str(self.database)))

    def run(self, *arguments: str, verb: str = "run", **models: str) -> dict[str, str]:
        """Write the models, run or test them; what dbt said of each that failed."""
        for name, text in models.items():
            kind = "yml" if name == "schema" else "sql"
            (self.folder / "models" / f"{name}.{kind}").write_text(text)
        folder = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        done = dbtRunner().invoke(["--quiet", verb, *arguments, *folder])
        DuckDBConnectionManager.close_all_connections()
        assert done.exception is None
        passed = ("success", "pass")
        return {one.node.name: one.message for one in done.result if one.status not in passed}

    def query(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    @property
    def relations(self) -> list[tuple]:
        """All that is in the file: names and kinds."""
        return self.query("select table_name, table_type from information_schema.tables order by 1")


@pytest.fixture
def project(tmp_path):
    return SmallProject(tmp_path)


def test_each_kind_takes_the_place_of_each_other_and_leaves_nothing_behind(project):
    kinds = ["view", "table", "view", "incremental", "table", "incremental", "view"]
    for number, kind in enumerate(kinds):
        text = f"{{{{ config(materialized='{kind}') }}}} select {number} as number"
        # a table stays when its model becomes incremental, and grows
        before = project.query("select number from one") if number else []
        assert project.run(one=text, reader="select * from {{ ref('one') }}") == {}
        is_grown = kind == "incremental" and kinds[number - 1] == "table"
        assert project.query("select number from one order by 1") == before * is_grown + [(number,)]
        assert project.query("select count(*) from reader") == [(1 + is_grown,)]
        told = "VIEW" if kind == "view" else "BASE TABLE"
        assert project.relations == [("one", told), ("reader", "VIEW")]


def test_what_is_handed_over_takes_the_place_of_its_key(project):
    config = (
        "{{ config(materialized='incremental', incremental_strategy='replace',"
        " unique_key='number', on_schema_change='fail') }} "
    )
    rows = "select * from (values {}) t(number, name, is_removed)"
    first = rows.format("(1, 'a', false), (2, 'b', false), (3, 'c', false)")
    later = rows.format("(2, 'x', false), (3, null, true), (4, 'd', false)")
    assert project.run(one=config + first) == {}
    assert project.run(one=config + later) == {}
    assert project.query("select number, name from one order by 1") == [
        (1, "a"),
        (2, "x"),
        (4, "d"),
    ]
    assert project.run("--full-refresh", one=config + later) == {}
    assert project.query("select number from one order by 1") == [(2,), (3,), (4,)]
    assert project.relations == [("one", "BASE TABLE")]


def test_a_key_of_two_columns_takes_the_place_of_the_rows_that_agree_in_both(project):
    config = (
        "{{ config(materialized='incremental', incremental_strategy='replace',"
        " unique_key=['number', 'day'], on_schema_change='fail') }} "
    )
    rows = "select * from (values {}) t(number, day, name, is_removed)"
    first = rows.format("(1, 1, 'a', false), (1, 2, 'b', false), (2, 1, 'c', false)")
    later = rows.format("(1, 2, 'x', false), (2, 1, null, true), (2, 2, 'd', false)")
    assert project.run(one=config + first) == {}
    assert project.run(one=config + later) == {}
    assert project.query("select number, day, name from one order by 1, 2") == [
        (1, 1, "a"),
        (1, 2, "x"),
        (2, 2, "d"),
    ]


@pytest.mark.parametrize(
    "changed",
    ["select 1 as number, 2 as more", "select 'one' as number", "select 1 as other"],
    ids=["a column more", "another type", "another name"],
)
def test_a_changed_column_stops_the_model_and_leaves_the_table_as_it_was(project, changed):
    config = "{{ config(materialized='incremental', on_schema_change='fail') }} "
    assert project.run(one=config + "select 7 as number") == {}
    assert "out of sync" in project.run(one=config + changed)["one"]
    assert project.query("select * from one") == [(7,)]
    assert project.relations == [("one", "BASE TABLE")]


def test_an_index_that_is_asked_for_is_there_after_each_run(project):
    config = (
        "{{ config(materialized='KIND', indexes=[{'columns': ['number']}]) }} select 1 as number"
    )
    for kind in ("table", "incremental", "table"):
        assert project.run("--full-refresh", one=config.replace("KIND", kind)) == {}
        assert project.query("select table_name from duckdb_indexes()") == [("one",)]


def test_a_model_that_fails_leaves_the_table_as_it_was(project):
    text = "{{ config(materialized='table') }} select "
    assert project.run(one=text + "7 as number") == {}
    assert (
        "Could not convert" in project.run(one=text + "cast('seven' as integer) as number")["one"]
    )
    assert project.query("select * from one") == [(7,)]
    assert project.relations == [("one", "BASE TABLE")]


# user, firing and the run that wrote it
FIRINGS = "select * from (values {}) t(user_key, firing, run_number)"


@pytest.mark.parametrize(
    ("rows", "is_right"),
    [
        ("(1, 'a', 1), (2, 'b', 2), (2, 'c', 2)", True),
        # all of one run: nothing was there before it
        ("(1, 'a', 2), (2, 'b', 2)", True),
        ("(1, 'a', 1), (2, 'b', 2), (2, 'b', 2)", False),
        ("(1, 'a', 1), (2, null, 2)", False),
        # an earlier run left a row of who was written anew
        ("(1, 'a', 1), (2, 'b', 1), (2, 'c', 2)", False),
    ],
)
def test_who_is_replaced_has_rows_of_the_newest_run_alone(project, rows, is_right):
    schema = """
models:
  - name: one
    data_tests:
      - unique_where_touched:
          arguments: {columns: [firing], key: user_key, never_null: [firing], is_replaced: true}
"""
    text = "{{ config(materialized='table') }} " + FIRINGS.format(rows)
    assert project.run(one=text, schema=schema) == {}
    assert (project.run(verb="test") == {}) == is_right


def test_descriptions_become_comments(project):
    schema = """
models:
  - name: one
    description: It's a "table"
    columns:
      - {name: number, description: It's a number}
      - {name: name}
"""
    text = "{{ config(materialized='KIND') }} select 1 as number, 'x' as name"
    for kind, told in (("table", "tables"), ("view", "views")):
        assert project.run(one=text.replace("KIND", kind), schema=schema) == {}
        assert project.query(f"select comment from duckdb_{told}() where not internal") == [
            ('It\'s a "table"',)
        ]
    assert project.query(
        "select column_name, comment from duckdb_columns() where not internal"
    ) == [
        ("number", "It's a number"),
        ("name", None),
    ]
