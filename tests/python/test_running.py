"""What a run builds: an hour leaves views and seeds, until the code is another."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from kindred.running import build, code_fingerprint, selector_due

PROJECT = Path(__file__).parents[2]
KINDRED = Path(sys.executable).parent / "kindred"
SETTINGS = """
name: small
version: "1.0.0"
profile: small
flags: {send_anonymous_usage_stats: false}
models:
  small:
    intermediate: {+schema: intermediate}
    marts: {+schema: marts}
"""
PROFILE = """
small:
  target: here
  outputs:
    here: {type: duckdb, path: "{{ env_var('KINDRED_HOME') }}/kindred_build.duckdb", threads: 1}
"""
TABLE = "{{ config(materialized='table') }} "
FILES = {
    "dbt_project.yml": SETTINGS,
    "profiles.yml": PROFILE,
    "seeds/names.csv": "name\nfirst\n",
    "models/intermediate/int_batches__read.sql": TABLE + "select 1 as batch",
    "models/marts/counted.sql": TABLE + "select * from {{ ref('names') }}",
    "models/marts/shown.sql": "select name from {{ ref('counted') }}",
}


class Small:
    """A small project with our macros and selectors, and the home that it builds."""

    def __init__(self, folder: Path, monkeypatch):
        self.folder, self.home = folder / "project", folder / "home"
        self.home.mkdir()
        shutil.copytree(PROJECT / "macros", self.folder / "macros")
        shutil.copy(PROJECT / "selectors.yml", self.folder)
        for name, text in FILES.items():
            self.write(name, text)
        monkeypatch.setenv("KINDRED_HOME", str(self.home))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def build(self, *selector: str) -> int:
        return subprocess.run(
            [str(KINDRED), "build", *selector], cwd=self.folder, capture_output=True, check=False
        ).returncode

    @property
    def due(self) -> str:
        return selector_due(self.home, self.folder)

    @property
    def shown(self) -> list[tuple]:
        with duckdb.connect(str(self.home / "kindred_build.duckdb"), read_only=True) as connection:
            return connection.execute("from marts.shown").fetchall()


@pytest.fixture
def small(tmp_path, monkeypatch):
    return Small(tmp_path, monkeypatch)


def test_an_hour_makes_tables_and_leaves_views_and_seeds_until_the_code_changes(small):
    assert small.due == "weekly"
    assert small.build() == 0
    assert (small.due, small.shown) == ("hourly", [("first",)])
    small.write("seeds/names.csv", "name\nsecond\n")
    small.write("models/marts/shown.sql", "select name || '!' as name from {{ ref('counted') }}")
    small.write(
        "models/marts/counted.sql", FILES["models/marts/counted.sql"] + " union all select 'x'"
    )
    assert small.due == "weekly"
    assert small.build("hourly") == 0
    assert (small.due, small.shown) == ("weekly", [("first",), ("x",)])
    assert small.build() == 0
    assert (small.due, small.shown) == ("hourly", [("second!",), ("x!",)])


def test_an_hour_takes_first_what_most_time_hung_on(small):
    small.write("models/marts/z_slow.sql", TABLE + "select 1 as number")
    small.write("models/marts/z_slower.sql", TABLE + "select * from {{ ref('z_slow') }}")
    assert small.build() == 0
    file = small.folder / "target" / "run_results.json"
    told = json.loads(file.read_text())
    for one in told["results"]:
        one["execution_time"] = 5.0 if "z_slow" in one["unique_id"] else 0.1
    file.write_text(json.dumps(told))
    assert small.build("hourly") == 0
    order = [one["unique_id"] for one in json.loads(file.read_text())["results"]]
    assert order == [
        f"model.small.{name}" for name in ("z_slow", "z_slower", "counted", "int_batches__read")
    ]


def test_a_build_that_fails_is_due_again(small):
    small.write("models/marts/shown.sql", "select no_such_column from {{ ref('counted') }}")
    assert small.build() == 1
    assert small.due == "weekly"
    small.write("models/marts/shown.sql", FILES["models/marts/shown.sql"])
    assert small.build() == 0
    assert small.due == "hourly"


def test_what_is_changed_during_a_build_is_due_after_it(small, monkeypatch):
    class Editing:
        """In place of dbt: somebody saves a view while it works."""

        def invoke(self, words):
            small.write("models/marts/shown.sql", "select 'late' as name")
            return SimpleNamespace(success=True, result=None, exception=None)

    assert small.build() == 0
    monkeypatch.setattr("dbt.cli.main.dbtRunner", Editing)
    assert build(small.home, small.folder, "weekly") == 0
    assert small.due == "weekly"


def test_what_follows_a_build_begins_only_when_all_is_green(small):
    begun = []
    assert build(small.home, small.folder, "weekly", once_built=lambda: begun.append("green")) == 0
    small.write("models/marts/shown.sql", "select no_such_column from {{ ref('counted') }}")
    assert build(small.home, small.folder, "weekly", once_built=lambda: begun.append("red")) == 1
    assert begun == ["green"]


def test_a_table_that_lacks_a_column_of_todays_code_is_told_with_the_remedy(small, capfd):
    name = "models/intermediate/collected.sql"
    added_to = TABLE.replace("'table'", "'incremental', unique_key='row_key'")
    small.write(name, added_to + "select 1 as row_key")
    assert build(small.home, small.folder, "weekly") == 0
    since = "{% if is_incremental() %} where 3 > (select max(seen_at) from {{ this }}) {% endif %}"
    small.write(name, f"{added_to} select 2 as row_key, 3 as seen_at {since}")
    assert build(small.home, small.folder, "weekly") == 1
    remedy = "build --full-refresh --select collected+"
    assert capfd.readouterr().err.endswith(f": dbt {remedy}\n")
    folders = ["--project-dir", str(small.folder), "--profiles-dir", str(small.folder)]
    assert dbtRunner().invoke([*remedy.split(), *folders]).success
    # a mistake in a table that is made whole each time is no such case
    small.write("models/marts/shown.sql", TABLE + "select no_such_column from {{ ref('counted') }}")
    assert build(small.home, small.folder, "weekly") == 1
    assert "full-refresh" not in capfd.readouterr().err


def test_a_project_that_cannot_be_read_is_told(small):
    assert small.build() == 0
    small.write("models/marts/shown.sql", "select * from {{ ref('nowhere') }}")
    assert small.build("hourly") == 2


@pytest.mark.parametrize(
    "name", ["dbt_project.yml", "models/marts/shown.sql", "seeds/names.csv", "macros/row_key.sql"]
)
def test_the_fingerprint_tells_each_file_of_the_code(small, name):
    before = code_fingerprint(small.folder)
    assert code_fingerprint(small.folder) == before
    (small.folder / name).write_text((small.folder / name).read_text() + "\n")
    assert code_fingerprint(small.folder) != before


def test_a_home_that_is_not_set_is_the_default_one(small, monkeypatch):
    monkeypatch.setenv("KINDRED_HOME", "data")
    named = code_fingerprint(small.folder)
    monkeypatch.delenv("KINDRED_HOME")
    assert code_fingerprint(small.folder) == named


def test_the_fingerprint_tells_where_the_landing_zone_lies(small, monkeypatch):
    before = code_fingerprint(small.folder)
    monkeypatch.setenv("KINDRED_LANDING", "elsewhere")
    assert code_fingerprint(small.folder) != before
