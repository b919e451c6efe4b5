"""A sample small enough to be built many times."""

import pytest
from warehouse import Warehouse

from kindred.erasing import erase
from kindred.landing import land
from kindred.samples import write_sample


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory):
    sample = tmp_path_factory.mktemp("sample")
    write_sample(sample, people=150, days=60, seed=20_260_101)
    land(sample, report=lambda line: None)
    erase(sample, report=lambda line: None)
    made = Warehouse(tmp_path_factory.mktemp("increments") / "home", sample)
    made.empty()
    made.dbt("seed")
    return made
