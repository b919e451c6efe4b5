{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('int_events__resolved') }}

),

unfolded_items as (

    select * from {{ ref('int_items__unfolded') }}

),

unfolded as (

    select
        events.event_id,
        events.user_id,
        events.identifier_key,
        unfolded_items.item_number,
        unfolded_items.product_id,
        unfolded_items.category,
        unfolded_items.quantity,
        unfolded_items.price,
        coalesce(
            unfolded_items.revenue,
            case
                when events.event_name = 'purchase'
                    then
                        cast(
                            unfolded_items.price * unfolded_items.quantity as decimal(18, 4)
                        )
            end
        ) as revenue,
        events.is_counted,
        events.occurred_at
    from events
    inner join unfolded_items
        on
            events.batch = unfolded_items.batch
            and events.source_line = unfolded_items.source_line
    where events.source = 'ga4'

),

flat as (

    select
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
