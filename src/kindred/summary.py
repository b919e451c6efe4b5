"""What a build found, in one small table, and where to look next."""

from pathlib import Path

import duckdb

_SEGMENTS = """
    select
        segments.segment_id,
        segments.label,
        segments.size,
        round(100 * segments.share, 1) as percent,
        segments.rule,
        segments.rule_fidelity,
        segments.is_indistinct,
        arg_max(personas.persona_name, personas.users) as persona_name,
        coalesce(max(personas.users) / nullif(sum(personas.users), 0), 0) as persona_share
    from marts.dim_segments as segments
    left join (
        select placed.segment_id, named.persona_name, count(*) as users
        from marts.fct_user_segments as placed
        inner join marts.fct_user_personas as named on placed.user_id = named.user_id
        group by all
    ) as personas on segments.segment_id = personas.segment_id
    where segments.status = 'active'
    group by all
    order by segments.size desc
"""


def summarize(home: Path) -> str:
    """The segments of the published copy as text for a person.

    Raises duckdb.Error when the copy cannot be read.
    """
    published = home / "published" / "kindred.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(_SEGMENTS).fetchall()
        as_of, users = connection.execute(
            "select max(as_of), count(*) from marts.fct_user_segments"
        ).fetchall()[0]
    lines = [f"\n{users:,} users in {len(rows)} segments, as of {as_of} UTC", ""]
    for row in rows:
        lines += _two_lines(*row)
    lines += [
        "",
        "Look next:",
        f"  {published}  schema marts, for any DuckDB client; begin with dim_segments",
        f"  {home / 'exports'}  parquet files for machines",
        "  README.md, 'Read a segment', for a first query; `make docs` for every column",
    ]
    return "\n".join(lines)


def _two_lines(
    segment_id, label, size, percent, rule, fidelity, is_indistinct, persona, share
) -> list[str]:
    """What a segment is called and who is in it; how to tell a member, and how surely."""
    whose = f"  ({persona} {100 * share:.0f} %)" if persona else "  (no users now)"
    # a model that was fitted before there were rules has none
    told = rule or "no rule yet: the next fit makes one"
    if fidelity is not None:
        told += f"  [right for {100 * fidelity:.0f} % of users]"
    if is_indistinct:
        told += "  differs in no KPI"
    return [
        f"  {segment_id}  {size:>9,}  {percent:5.1f} %  {label}{whose}",
        f"               {told}",
    ]
