{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('int_orders__resolved') }}

),

final as (

    select
        -- ids
        order_id,
        source,
        user_id,
        session_id,
        event_id,

        -- text
        status,
        channel_group,
        currency,

        -- numbers
        line_count,
        unit_count,
        product_count,
        gross_revenue,
        refunded,
        revenue,
        discount_amount,
        {{ safe_ratio('discount_amount', 'gross_revenue + discount_amount') }} as discount_share,
        reporting_revenue,

        -- booleans
        is_cancelled,
        is_purchase,

        -- times
        ordered_at
    from orders

)

select * from final
