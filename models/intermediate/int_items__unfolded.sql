{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail'
) }}

with

items as (

    select * from {{ ref('stg_ga4__items') }}

),

-- a batch is landed once and never changes
read_so_far as (

    select coalesce(max(batch), -1) as batch
    from {{ this if is_incremental() else '(select cast(null as bigint) as batch)' }}

),

final as (

    select
        items.batch,
        items.source_line,
        items.item_number,
        items.product_id,
        items.category,
        items.quantity,
        items.price,
        items.revenue
    from items
    where items.batch > (select read_so_far.batch from read_so_far)

)

select * from final
