{{ config(tags=['weekly']) }}
-- What was kept stands in the marts: each event once, each order line in one order.
with

kept as (

    select
        'events' as what,
        coalesce(sum(row_count), 0) as row_count
    from {{ ref('fct_row_outcomes') }}
    where
        outcome = 'kept'
        and source_table in ('events', 'hits', 'clicks')

    union all

    select
        'order lines' as what,
        coalesce(sum(row_count), 0) as row_count
    from {{ ref('fct_row_outcomes') }}
    where
        outcome = 'kept'
        and source_table = 'order_lines'

),

there as (

    select
        'events' as what,
        count(*) as row_count
    from {{ ref('fct_events') }}

    union all

    select
        'order lines' as what,
        coalesce(sum(line_count), 0) as row_count
    from {{ ref('fct_orders') }}

)

select
    kept.what,
    kept.row_count as kept_count,
    there.row_count as mart_count
from kept
inner join there
    on kept.what = there.what
where kept.row_count <> there.row_count
