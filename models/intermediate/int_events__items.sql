{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('int_events__resolved') }}

),

items as (

    select * from {{ ref('int_events__unfolded') }}

),

unfolded as (

    select
        events.row_key,
        events.event_id,
        events.user_id,
        events.identifier_key,
        items.item_number,
        items.product_id,
        items.category,
        items.quantity,
        items.price,
        items.revenue,
        events.is_counted,
        events.occurred_at
    from events
    inner join items
        on events.row_key = items.row_key

),

flat as (

    -- other sources tell one product with the event itself
    select
        row_key,
        event_id,
        user_id,
        identifier_key,
        1 as item_number,
        product_id,
        category,
        quantity,
        price,
        revenue,
        is_counted,
        occurred_at
    from events
    where
        source <> 'ga4'
        and product_id is not null

),

final as (

    select * from unfolded
    union all
    select * from flat

)

select * from final
