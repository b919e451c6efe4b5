"""Where the time of a dbt run went. Usage: dearest_nodes.py <target folder> [how many]"""

import json
import sys
from datetime import datetime
from pathlib import Path


def seconds(result: dict) -> float:
    """Seconds of a node's execution."""
    for one in result["timing"]:
        if one["name"] == "execute" and one["completed_at"]:
            moments = [
                datetime.fromisoformat(one[end].replace("Z", "+00:00"))
                for end in ("started_at", "completed_at")
            ]
            return (moments[1] - moments[0]).total_seconds()
    return 0.0


def main(target: str, how_many: str = "10") -> None:
    """Print the dearest models and tests with their share of all."""
    results = json.loads((Path(target) / "run_results.json").read_text())["results"]
    for kind in ("model", "test"):
        nodes = sorted(
            (
                (seconds(one), one["unique_id"].split(".")[2])
                for one in results
                if one["unique_id"].startswith(f"{kind}.")
            ),
            reverse=True,
        )
        total = sum(one for one, _ in nodes)
        print(f"{len(nodes)} {kind}s, {total:.1f} s in all")
        for one, name in nodes[: int(how_many)]:
            print(f"  {one:8.2f} s {100 * one / max(total, 1e-9):5.1f} %  {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
