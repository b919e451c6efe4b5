{{ config(materialized='view') }}

with

unfolded as (

    select * from {{ ref('int_events__unfolded') }}

),

events as (

    select * from {{ ref('int_events__enriched') }}
    where
        source <> 'ga4'
        and product_id is not null

),

final as (

    select
        row_key,
        event_id,
        item_number,
        product_id,
        category,
        quantity,
        price,
        revenue
    from unfolded

    union all

    -- other sources tell one product with the event itself
    select
        row_key,
        event_id,
        1 as item_number,
        product_id,
        category,
        quantity,
        price,
        revenue
    from events

)

select * from final
