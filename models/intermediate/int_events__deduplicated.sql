with

collected as (

    select * from {{ ref('int_events__collected') }}
    where early_outcome is null

),

repeated as (

    select * from {{ ref('int_events__repeated') }}

),

user_agents as (

    select * from {{ ref('int_user_agents__classified') }}

),

denied as (

    select * from {{ ref('int_consents__resolved') }}
    where analytics = 'denied'

),

internal_traffic as (

    select * from {{ ref('internal_traffic') }}

),

allowed_properties as (

    select {{ text_list('property_name') }} as names
    from {{ ref('property_allow_list') }}

),

winners as (

    select
        collected.*,
        coalesce(repeated.copy_count, 1) - 1 as duplicate_count,
        coalesce(repeated.first_loaded_at, collected.loaded_at) as first_loaded_at
    from collected
    left join repeated
        on
            collected.source = repeated.source
            and collected.batch = repeated.batch
            and collected.source_line = repeated.source_line
    where coalesce(repeated.copy_number, 1) = 1

),

-- consent withdrawn in the CRM holds for events of the same identifier from then on
refused as (

    select distinct winners.event_id  -- one event may be refused by several identifiers
    from winners
    inner join denied
        on
            winners.login = denied.identifier_value
            and denied.identifier_kind = 'login'
            and winners.occurred_at >= denied.valid_from
            and (denied.valid_to is null or winners.occurred_at < denied.valid_to)

    union

    select distinct winners.event_id
    from winners
    inner join denied
        on
            winners.anonymous_id = denied.identifier_value
            and denied.identifier_kind = 'anonymous'
            and winners.occurred_at >= denied.valid_from
            and (denied.valid_to is null or winners.occurred_at < denied.valid_to)

    union

    select distinct winners.event_id
    from winners
    inner join denied
        on
            winners.email_hash = denied.identifier_value
            and denied.identifier_kind = 'email'
            and winners.occurred_at >= denied.valid_from
            and (denied.valid_to is null or winners.occurred_at < denied.valid_to)

),

places as (

    select distinct  -- few hosts and traffic types, many events
        traffic_type,
        page_host
    from winners

),

internal_places as (

    select distinct  -- one place may match several patterns
        coalesce(places.traffic_type, '') as traffic_type,
        coalesce(places.page_host, '') as page_host
    from places
    inner join internal_traffic
        on
            (
                internal_traffic.field = 'traffic_type'
                and {{ text_matches('places.traffic_type', 'internal_traffic.pattern') }}
            )
            or (
                internal_traffic.field = 'page_host'
                and {{ text_matches('places.page_host', 'internal_traffic.pattern') }}
            )

),

final as (

    select
        winners.event_id,
        winners.source,
        winners.batch,
        winners.source_line,
        winners.source_event_id,
        winners.anonymous_id,
        winners.device_key,
        winners.linked_anonymous_id,
        winners.login,
        winners.customer_id,
        winners.email_hash,
        winners.phone_hash,
        winners.click_id,
        winners.click_id_kind,
        winners.provided_session_id,
        winners.source_event_name,
        winners.page,
        winners.page_host,
        winners.referrer_host,
        winners.utm_source,
        winners.utm_medium,
        winners.utm_campaign,
        winners.utm_term,
        winners.utm_content,
        winners.given_channel,
        winners.user_agent,
        winners.country,
        winners.traffic_type,
        winners.product_id,
        winners.category,
        winners.order_id,
        winners.quantity,
        winners.price,
        winners.revenue,
        winners.engaged_milliseconds,
        winners.occurred_at,
        winners.received_at,
        winners.currency,
        winners.event_name,
        winners.engagement_weight,
        winners.is_visit,
        winners.is_unmapped,
        {{ json_allowed('winners.properties', 'allowed_properties.names') }} as properties,
        coalesce(winners.given_device, user_agents.device) as device,
        internal_places.page_host is not null as is_internal,
        winners.duplicate_count,
        case
            when winners.own_consent = 'denied' or refused.event_id is not null then 'denied'
            else winners.own_consent
        end as consent,
        case
            when coalesce(user_agents.is_bot, false) then 'bot_pattern'
            when winners.own_consent = 'denied' or refused.event_id is not null then 'no_consent'
            else 'kept'
        end as outcome,
        winners.first_loaded_at as loaded_at
    from winners
    cross join allowed_properties
    left join user_agents
        on winners.user_agent = user_agents.user_agent
    left join refused
        on winners.event_id = refused.event_id
    left join internal_places
        on
            coalesce(winners.traffic_type, '') = internal_places.traffic_type
            and coalesce(winners.page_host, '') = internal_places.page_host

)

select * from final
