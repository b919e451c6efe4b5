"""The one place that knows how each warehouse hands over a table."""

from typing import Any

import pandas as pd

_CONVERSIONS = ("df", "to_pandas", "toPandas")  # DuckDB, Snowpark or Arrow, Spark


def to_pandas(relation: Any) -> pd.DataFrame:
    """Return what ``dbt.ref`` gave as a pandas frame.

    A pandas frame passes through untouched. Raises TypeError for anything that knows
    none of the ways in which warehouses hand over a table.
    """
    if isinstance(relation, pd.DataFrame):
        return relation
    for name in _CONVERSIONS:
        if hasattr(relation, name):
            return getattr(relation, name)()
    raise TypeError(f"cannot turn {type(relation).__name__} into a pandas frame")


def single_value(relation: Any, column: str) -> Any:
    """Return the one value of a table with one row, such as the clock.

    Raises ValueError when the table has no row or several.
    """
    values = to_pandas(relation)[column]
    if len(values) != 1:
        raise ValueError(f"{column}: expected one row, found {len(values)}")
    return values.iloc[0]


def remembered(dbt: Any, session: Any) -> pd.DataFrame:
    """Return what a remembered model holds so far; no rows before its first run.

    ``dbt`` and ``session`` are what dbt hands to a Python model.
    """
    if not dbt.is_incremental:
        return pd.DataFrame()
    return to_pandas(session.sql(f"select * from {dbt.this}"))
