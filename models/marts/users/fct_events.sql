{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('int_events__resolved') }}

),

sessions as (

    select
        session_key,
        channel_group
    from {{ ref('int_sessions__attributed') }}

),

final as (

    select
        -- ids
        events.event_id,
        events.event_key,
        events.source,
        events.user_id,
        events.anonymous_id,
        events.login,
        events.session_id,
        events.click_id,
        events.product_id,
        events.order_id,

        -- text
        events.event_name,
        events.page,
        events.page_host,
        events.referrer_host,
        events.utm_source,
        events.utm_medium,
        events.utm_campaign,
        events.utm_term,
        events.utm_content,
        sessions.channel_group,
        events.device,
        events.country,
        events.category,
        events.currency,
        events.consent,
        events.properties,

        -- numbers
        events.quantity,
        events.price,
        events.revenue,
        cast(events.engagement_weight as double) as engagement_weight,
        events.duplicate_count,
        events.lateness_seconds,

        -- booleans
        events.is_counted,
        events.is_visit,
        events.is_internal,
        events.is_unmapped,
        events.lateness_seconds > {{ var('late_after_hours') }} * 3600 as is_late,

        -- times
        events.occurred_at,
        events.received_at,
        events.loaded_at
    from events
    left join sessions
        on events.session_key = sessions.session_key

)

select * from final
