-- Every landed row has exactly one outcome: none is lost, none is counted twice. What waits for the
-- next slice is told by `no_batch_waits`.
with

landed as (

    select
        source,
        source_table,
        sum(rows_in) as row_count
    from {{ ref('stg_landing__batches') }}
    where batch <= (select max(int_batches__read.batch) from {{ ref('int_batches__read') }})
    group by source, source_table

),

accounted as (

    select
        source,
        source_table,
        sum(row_count) as row_count
    from {{ ref('fct_row_outcomes') }}
    group by source, source_table

)

select
    coalesce(landed.source, accounted.source) as source,
    coalesce(landed.source_table, accounted.source_table) as source_table,
    landed.row_count as landed_count,
    accounted.row_count as accounted_count
from landed
full outer join accounted
    on
        landed.source = accounted.source
        and landed.source_table = accounted.source_table
where coalesce(landed.row_count, 0) <> coalesce(accounted.row_count, 0)
