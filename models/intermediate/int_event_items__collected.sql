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

    select * from {{ ref('stg_ga4__items') }}

),

final as (

    select
        landed.batch,
        landed.source_line,
        landed.item_number,
        landed.product_id,
        landed.category,
        landed.quantity,
        landed.price,
        landed.revenue,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
