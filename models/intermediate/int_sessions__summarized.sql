{{ config(materialized='view') }}

with

sessions as (

    select * from {{ ref('int_sessions__measured') }}

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

final as (

    select
        sessions.session_key,
        sessions.session_id,
        sessions.identifier_key,
        identities.user_id,
        sessions.source,
        sessions.anonymous_id,
        sessions.landing_page,
        sessions.exit_page,
        sessions.device,
        sessions.country,
        sessions.currency,
        sessions.channel_group,
        sessions.traffic_source,
        sessions.traffic_medium,
        sessions.traffic_campaign,
        sessions.path_signature,
        sessions.duration_seconds,
        sessions.engaged_seconds,
        sessions.event_count,
        sessions.page_view_count,
        sessions.page_count,
        sessions.distinct_page_count,
        sessions.distinct_product_count,
        sessions.path_step_count,
        sessions.product_view_count,
        sessions.cart_count,
        sessions.checkout_count,
        sessions.purchase_count,
        sessions.engagement_weight,
        sessions.revenue,
        sessions.is_bounce,
        {{ add_seconds('sessions.ended_at', var('session_timeout_seconds')) }}
        >= clock.as_of as is_open,
        sessions.is_counted,
        sessions.run_number,
        sessions.started_at,
        sessions.ended_at
    from sessions
    cross join clock
    left join identities
        on sessions.identifier_key = identities.identifier_key

)

select * from final
