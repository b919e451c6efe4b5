"""However a warehouse hands over a table, a pandas frame comes out."""

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from kindred.frames import to_pandas

EXPECTED = pd.DataFrame({"user_id": ["a", "b"], "revenue_365d": [1.5, None]})


def test_a_pandas_frame_is_passed_through():
    assert to_pandas(EXPECTED) is EXPECTED


def test_a_duckdb_relation_becomes_a_frame():
    relation = duckdb.connect().sql(
        "select * from (values ('a', 1.5::double), ('b', null)) as t(user_id, revenue)"
    )
    given = to_pandas(relation)
    assert given["user_id"].tolist() == ["a", "b"]
    assert given["revenue"].isna().tolist() == [False, True]


def test_an_arrow_table_becomes_a_frame():
    given = to_pandas(pa.Table.from_pandas(EXPECTED))
    pd.testing.assert_frame_equal(given, EXPECTED)


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="cannot turn list"):
        to_pandas([1, 2])
