"""How good guesses, rules and the values of segments are in a build.

Usage: guesses.py HOME [HOME ...]
"""

import sys
from pathlib import Path

import duckdb

QUESTIONS = {
    "the first session against the majority": """
        select
            method, population, user_count as users, round(hit_share, 3) as hits,
            round(hit_share_low, 3) as low, round(hit_share_high, 3) as high,
            round(majority_hit_share, 3) as majority,
            round(calibration_error, 3) as calibration_error, round(log_loss, 3) as log_loss
        from marts.fct_cold_start_backtests order by population, method
    """,
    "rules": """
        select
            segment_id, rule, round(rule_fidelity, 3) as fidelity,
            round(rule_precision, 3) as "precision", round(rule_recall, 3) as recall
        from marts.dim_segments where status = 'active' order by segment_id
    """,
    "values": """
        select
            kpi, segment_id, user_count as users, round(mean, 3) as mean,
            round(mean_low, 3) as low, round(mean_high, 3) as high,
            round(rest_mean, 3) as rest, is_different
        from marts.fct_segment_values order by kpi, segment_id
    """,
}


def main(homes: list[str]) -> int:
    """Print a table a question and home, in markdown."""
    if not homes:
        print(__doc__)
        return 2
    for home in homes:
        database = str(Path(home) / "kindred_build.duckdb")
        with duckdb.connect(database, read_only=True) as build:
            for title, query in QUESTIONS.items():
                found = build.execute(query)
                names = [column[0] for column in found.description]
                print(f"\n{home}: {title}\n")
                print("| " + " | ".join(names) + " |")
                print("|" + "---|" * len(names))
                for row in found.fetchall():
                    print("| " + " | ".join(map(str, row)) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
