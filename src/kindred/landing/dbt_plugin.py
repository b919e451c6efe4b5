"""What dbt-duckdb calls: folders before it connects, renames after it has written."""

import atexit
import gc
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig

from kindred.landing.layout import ensure_layout


class Plugin(BasePlugin):
    """Makes the home ready when dbt starts, and puts exported files in their place."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Make the home, its exports folder and the landing layout.

        dbt-duckdb makes its plugins before it opens the database file, which is why a
        plain ``dbt build`` works in a fresh clone.
        """
        # dbt has read the project by now: some hundred thousand objects that stay to the end, and
        # that the collector would go through again and again, a tenth of the time of a short run
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()
        # DuckDB tells at the end of objects that were never collected
        atexit.register(gc.unfreeze)
        # half a second of imports that a Python model would begin with, while statements run
        Thread(target=import_module, args=("kindred.identity",)).start()
        home = Path(plugin_config["home"])
        (home / "exports").mkdir(parents=True, exist_ok=True)
        ensure_layout(Path(plugin_config["landing"]))

    def store(self, target_config: TargetConfig) -> None:
        """Rename ``<path>.tmp``, which was just written, to ``<path>``."""
        path = Path(target_config.location.path)
        path.with_name(f"{path.name}.tmp").replace(path)
