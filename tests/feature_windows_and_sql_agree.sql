-- The seed and the macro feature_windows hold the same days.
with

in_sql as (

    select unnest([{{ feature_windows() | join(', ') }}]) as window_days

),

in_seed as (

    select window_days from {{ ref('feature_windows') }}

)

select
    in_sql.window_days as sql_window_days,
    in_seed.window_days as seed_window_days
from in_sql
full outer join in_seed
    on in_sql.window_days = in_seed.window_days
where
    in_sql.window_days is null
    or in_seed.window_days is null
