{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail'
) }}

with

progress as (

    {{ progress() }}

),

unread as (

    select
        batches.batch,
        batches.run_number
    from {{ ref('int_batches__read') }} as batches
    inner join progress
        on batches.run_number > progress.own_number

),

landed as (

    select * from {{ ref('stg_landing__rejects') }}

),

final as (

    select
        landed.batch,
        landed.source,
        landed.source_table,
        landed.source_file,
        landed.source_line,
        landed.reason,
        landed.payload_hash,
        landed.loaded_at,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
