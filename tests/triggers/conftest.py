"""The engines that the cases are put to."""

import pytest
from sql_engine import SqlEngine


@pytest.fixture(scope="session")
def sql_engine(tmp_path_factory):
    return SqlEngine(tmp_path_factory.mktemp("target"))
