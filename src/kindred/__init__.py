"""Kindred: user segments and personas from raw behaviour, with dbt on DuckDB."""

__version__ = "0.1.0"
