with

events as (

    select * from {{ ref('int_events__resolved') }}

),

ga4_items as (

    select * from {{ ref('stg_ga4__items') }}

),

unfolded as (

    select
        events.event_id,
        ga4_items.item_number,
        ga4_items.product_id,
        ga4_items.category,
        ga4_items.quantity,
        ga4_items.price,
        coalesce(
            ga4_items.revenue,
            case
                when events.event_name = 'purchase'
                    then cast(ga4_items.price * ga4_items.quantity as decimal(18, 4))
            end
        ) as revenue
    from events
    inner join ga4_items
        on
            events.batch = ga4_items.batch
            and events.source_line = ga4_items.source_line
    where events.source = 'ga4'

),

flat as (

    select
        event_id,
        1 as item_number,
        product_id,
        category,
        quantity,
        price,
        revenue
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
