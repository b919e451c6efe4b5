"""Tests over a finished build: its manifest, its files and its numbers."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def home() -> Path:
    return Path(os.environ["KINDRED_HOME"])


@pytest.fixture(scope="session")
def manifest() -> dict:
    return json.loads((PROJECT / "target" / "manifest.json").read_text())


@pytest.fixture(scope="session")
def models(manifest) -> dict:
    return {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }


@pytest.fixture(scope="session")
def published(home):
    path = home / "published" / "kindred.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def say_of_seeds(home) -> Callable[..., Callable[[str], str | None]]:
    """Makes a function that changes copies of seeds and gives back what a test says of them."""

    def of(test: str, seeds: tuple[str, ...]):
        code = (PROJECT / "target" / "compiled" / "kindred" / test).read_text()
        code = re.sub(r'"kindred_build"\."seeds"\.', "", code)
        code = code.replace('"kindred_build"', "build")

        def said(change: str) -> str | None:
            with duckdb.connect() as connection:
                connection.execute(f"attach '{home / 'kindred_build.duckdb'}' as build (read_only)")
                for seed in seeds:
                    connection.execute(f"create table {seed} as from build.seeds.{seed}")
                if change:
                    assert connection.execute(change).fetchall() != [(0,)], change
                try:
                    assert connection.execute(code).fetchall() == []
                except duckdb.Error as error:
                    return str(error)
            return None

        return said

    return of
