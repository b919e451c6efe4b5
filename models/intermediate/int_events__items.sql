{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('int_events__counted') }}

),

-- only events with several products have items of their own
items as (

    select * from {{ ref('int_events__unfolded') }}

),

final as (

    select
        events.row_key,
        events.user_id,
        events.identifier_key,
        coalesce(items.item_number, 1) as item_number,
        case when items.row_key is null then events.product_id else items.product_id end
            as product_id,
        case when items.row_key is null then events.category else items.category end as category,
        case when items.row_key is null then events.quantity else items.quantity end as quantity,
        case when items.row_key is null then events.price else items.price end as price,
        case when items.row_key is null then events.revenue else items.revenue end as revenue,
        events.occurred_at
    from events
    left join items
        on events.row_key = items.row_key
    where
        items.row_key is not null
        -- other sources tell one product with the event itself
        or (events.source <> 'ga4' and events.product_id is not null)

)

select * from final
