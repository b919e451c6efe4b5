with

source as (

    select * from {{ source('web', 'events') }}

),

read as (

    select
        batch,
        source_line,
        name,
        page,
        referrer,
        user_agent,
        channel,
        properties,
        email_hash,
        phone_hash,
        received_at,
        loaded_at,
        filled_count,
        payload_hash,
        nullif(trim(event_id), '') as source_event_id,
        nullif(trim(anonymous_id), '') as anonymous_id,
        nullif(trim(login), '') as login,
        nullif(trim(session_id), '') as provided_session_id,
        coalesce(sent_at, received_at) as occurred_at,
        coalesce(product_id, {{ json_value('properties', 'product_id') }}) as product_id,
        coalesce(category, {{ json_value('properties', 'category') }}) as category,
        coalesce(order_id, {{ json_value('properties', 'order_id') }}) as order_id,
        upper(coalesce(currency, {{ json_value('properties', 'currency') }})) as currency,
        coalesce(
            quantity, {{ number_from_text(json_value('properties', 'quantity')) }}
        ) as quantity,
        coalesce(price, {{ number_from_text(json_value('properties', 'price')) }}) as price,
        coalesce(revenue, {{ number_from_text(json_value('properties', 'revenue')) }}) as revenue,
        lower(coalesce(device, {{ json_value('properties', 'device') }})) as given_device,
        coalesce(country, {{ json_value('properties', 'country') }}) as country,
        lower(coalesce(consent, {{ json_value('properties', 'consent') }})) as given_consent,
        {{ json_value('properties', 'traffic_type') }} as traffic_type,
        cast(
            {{ number_from_text(json_value('properties', 'engagement_time_msec')) }} as bigint
        ) as engaged_milliseconds
    from source

),

final as (

    select
        -- ids
        case
            when source_event_id is not null
                then {{ event_id(["'web'", "source_event_id"]) }}
            else {{ event_id([
                "'web'",
                "anonymous_id",
                "login",
                "provided_session_id",
                "name",
                epoch_microseconds("occurred_at"),
                "page",
                "product_id",
                "order_id",
                "quantity",
                "price",
                "revenue",
            ]) }}
        end as event_id,
        'web' as source,
        cast(batch as bigint) as batch,
        source_line,
        source_event_id,
        anonymous_id,
        coalesce(anonymous_id, 'login:' || login, 'email:' || email_hash) as device_key,
        cast(null as varchar) as linked_anonymous_id,
        login,
        cast(null as varchar) as customer_id,
        email_hash,
        phone_hash,
        {{ click_id('page') }} as click_id,
        {{ click_id_kind('page') }} as click_id_kind,
        provided_session_id,

        -- text
        name as source_event_name,
        {{ url_page('page') }} as page,
        {{ url_host('page') }} as page_host,
        {{ url_host('referrer') }} as referrer_host,
        {{ query_parameter('page', 'utm_source') }} as utm_source,
        {{ query_parameter('page', 'utm_medium') }} as utm_medium,
        {{ query_parameter('page', 'utm_campaign') }} as utm_campaign,
        {{ query_parameter('page', 'utm_term') }} as utm_term,
        {{ query_parameter('page', 'utm_content') }} as utm_content,
        channel as given_channel,
        given_device,
        user_agent,
        country,
        traffic_type,
        product_id,
        category,
        currency,
        order_id,
        case
            when given_consent in ('denied', 'no', 'false') then 'denied'
            when given_consent in ('granted', 'yes', 'true') then 'granted'
            else 'unknown'
        end as own_consent,
        properties,

        -- numbers
        quantity,
        price,
        revenue,
        engaged_milliseconds,
        filled_count,
        payload_hash,

        -- booleans
        true as is_final_export,

        -- times
        occurred_at,
        coalesce(received_at, loaded_at) as received_at,
        loaded_at,
        {{ unusable_reason(
            'coalesce(anonymous_id, login, email_hash)', 'occurred_at', 'loaded_at'
        ) }} as unusable_reason
    from read

)

select * from final
