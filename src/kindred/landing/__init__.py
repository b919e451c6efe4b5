"""The one door: files of the outside become typed parquet under ``landing/``."""

from kindred.landing.landing import LandingError, land
from kindred.landing.layout import ensure_layout

__all__ = ["LandingError", "ensure_layout", "land"]
