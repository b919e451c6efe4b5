"""Tests over a finished build: its manifest, its files and its numbers."""

import json
import os
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
