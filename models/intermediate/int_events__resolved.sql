{{ config(materialized='view') }}

with

events as (

    select * from {{ ref('int_events__enriched') }}

),

sessions as (

    select * from {{ ref('int_sessions__judged') }}
    where not is_bot

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

final as (

    select
        -- keys
        events.row_key,
        events.event_key,
        events.session_key,
        events.identifier_key,

        -- ids
        {{ id_from_key('events.event_key') }} as event_id,
        events.source,
        identities.user_id,
        identities.user_key,
        events.anonymous_id,
        events.login,
        sessions.session_id,
        events.event_position,
        events.click_id,
        events.click_id_kind,
        events.product_id,
        events.order_id,

        -- text
        events.event_name,
        events.source_event_name,
        events.page,
        events.page_host,
        events.referrer_host,
        events.utm_source,
        events.utm_medium,
        events.utm_campaign,
        events.utm_term,
        events.utm_content,
        events.given_channel,
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
        events.engagement_weight,
        events.engaged_milliseconds,
        events.duplicate_count,
        events.lateness_seconds,

        -- booleans
        events.is_named,
        events.is_visit,
        events.is_unmapped,
        events.is_internal,
        sessions.is_shadowed,
        events.is_path_step,
        events.is_counted,
        events.run_number,

        -- times
        events.occurred_at,
        events.received_at,
        events.loaded_at
    from events
    inner join sessions
        on events.session_key = sessions.session_key
    left join identities
        on events.identifier_key = identities.identifier_key

)

select * from final
