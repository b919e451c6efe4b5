"""What a build found, in one small table, and where to look next."""

from pathlib import Path

import duckdb

_SEGMENTS = """
    select
        segments.segment_id,
        segments.label,
        segments.size,
        round(100 * segments.share, 1) as percent,
        string_agg(
            personas.persona_name || ' ' || personas.users, ', ' order by personas.users desc
        ) as personas
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
    for segment_id, label, size, percent, personas in rows:
        lines.append(f"  {segment_id}  {size:>9,}  {percent:5.1f} %  {label}")
        lines.append(f"               {personas or 'no users now'}")
    lines += [
        "",
        "Look next:",
        f"  {published}  schema marts, for any DuckDB client; begin with dim_segments",
        f"  {home / 'exports'}  parquet files for machines",
        "  README.md, 'Read a segment', for a first query; `make docs` for every column",
    ]
    return "\n".join(lines)
