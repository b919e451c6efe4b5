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

    select * from {{ ref('stg_crm__order_lines') }}

),

final as (

    select
        landed.batch,
        landed.source_line,
        landed.order_id,
        landed.line_id,
        landed.customer_id,
        landed.product_id,
        landed.category,
        landed.currency,
        landed.quantity,
        landed.unit_price,
        landed.discount_amount,
        landed.refunded_quantity,
        landed.amount,
        landed.filled_count,
        landed.payload_hash,
        landed.is_cancelled,
        landed.ordered_at,
        landed.loaded_at,
        landed.unusable_reason,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
