{{ config(materialized='view') }}

with

sessions as (

    select * from {{ ref('int_sessions__summarized') }}

),

final as (

    select
        -- ids
        session_id,
        source,
        user_id,
        anonymous_id,

        -- text
        landing_page,
        exit_page,
        channel_group,
        traffic_source,
        traffic_medium,
        traffic_campaign,
        device,
        country,
        path_signature,
        currency,

        -- numbers
        -- the user's first visit is 1, whichever device it was on
        row_number() over (
            partition by user_id
            order by started_at, session_id
        ) as session_number,
        duration_seconds,
        engaged_seconds,
        event_count,
        page_view_count,
        distinct_page_count,
        product_view_count,
        distinct_product_count,
        cart_count,
        checkout_count,
        purchase_count,
        revenue,

        -- booleans
        is_bounce,
        is_open,
        is_counted,

        -- times
        started_at,
        ended_at
    from sessions

)

select * from final
