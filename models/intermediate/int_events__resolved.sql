with

events as (

    select * from {{ ref('int_events__deduplicated') }}
    where outcome = 'kept'

),

sessionized as (

    select * from {{ ref('int_events__sessionized') }}

),

sessions as (

    select * from {{ ref('int_sessions__judged') }}
    where not is_bot

),

identities as (

    select * from {{ ref('int_identities__components') }}

),

anonymous_identities as (

    select
        identifier_value,
        identifier_key,
        user_id
    from identities
    where identifier_kind = 'anonymous'

),

click_identities as (

    select
        identifier_value,
        identifier_key,
        user_id
    from identities
    where identifier_kind = 'click'

),

strong_identities as (

    select
        identifier_kind,
        identifier_value,
        identifier_key,
        user_id
    from identities
    where identifier_kind in ('login', 'customer', 'email', 'phone')

),

named as (

    select
        *,
        case
            when login is not null then 'login'
            when customer_id is not null then 'customer'
            when email_hash is not null then 'email'
            when phone_hash is not null then 'phone'
        end as strong_kind,
        coalesce(login, customer_id, email_hash, phone_hash) as strong_value
    from events

),

final as (

    select
        -- ids
        named.event_id,
        named.source,
        named.batch,
        named.source_line,
        named.source_event_id,
        coalesce(
            strong_identities.user_id,
            anonymous_identities.user_id,
            click_identities.user_id
        ) as user_id,
        coalesce(
            strong_identities.identifier_key,
            anonymous_identities.identifier_key,
            click_identities.identifier_key
        ) as identifier_key,
        named.anonymous_id,
        named.login,
        sessionized.session_id,
        sessionized.event_position,
        named.click_id,
        named.click_id_kind,
        named.product_id,
        named.order_id,

        -- text
        named.event_name,
        named.source_event_name,
        named.page,
        named.page_host,
        named.referrer_host,
        named.utm_source,
        named.utm_medium,
        named.utm_campaign,
        named.utm_term,
        named.utm_content,
        named.given_channel,
        named.device,
        named.country,
        named.category,
        named.currency,
        named.consent,
        named.properties,

        -- numbers
        named.quantity,
        named.price,
        named.revenue,
        named.engagement_weight,
        named.engaged_milliseconds,
        named.duplicate_count,
        {{ seconds_between('named.occurred_at', 'named.loaded_at') }} as lateness_seconds,

        -- booleans
        strong_identities.user_id is not null as is_named,
        named.is_visit,
        named.is_unmapped,
        named.is_internal,
        sessions.is_shadowed,
        sessionized.is_path_step,
        not named.is_internal and not sessions.is_shadowed as is_counted,

        -- times
        named.occurred_at,
        named.received_at,
        named.loaded_at
    from named
    inner join sessionized
        on named.event_id = sessionized.event_id
    inner join sessions
        on sessionized.session_id = sessions.session_id
    left join strong_identities
        on
            named.strong_kind = strong_identities.identifier_kind
            and named.strong_value = strong_identities.identifier_value
    left join anonymous_identities
        on named.anonymous_id = anonymous_identities.identifier_value
    left join click_identities
        on named.click_id = click_identities.identifier_value

)

select * from final
