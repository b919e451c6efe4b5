with

source as (

    select * from {{ source('pixel', 'hits') }}

),

read as (

    select
        *,
        {{ query_parameter('query_string', 'aid') }} as anonymous_id,
        {{ query_parameter('query_string', 'lid') }} as linked_anonymous_id,
        {{ query_parameter('query_string', 'uid') }} as login,
        {{ query_parameter('query_string', 'sid') }} as provided_session_id,
        {{ query_parameter('query_string', 'e') }} as source_event_name,
        {{ query_parameter('query_string', 'dl') }} as page_url,
        coalesce({{ query_parameter('query_string', 'dr') }}, referrer) as referrer_url,
        {{ query_parameter('query_string', 'pid') }} as product_id,
        {{ query_parameter('query_string', 'oid') }} as order_id,
        {{ query_parameter('query_string', 'rev') }} as given_revenue,
        {{ query_parameter('query_string', 'cur') }} as given_currency,
        lower({{ query_parameter('query_string', 'co') }}) as given_consent,
        coalesce(email_hash, {{ query_parameter('query_string', 'eh') }}) as any_email_hash
    from source

),

final as (

    select
        -- ids
        case
            when hit_id is not null then {{ event_id(["'pixel'", "hit_id"]) }}
            else {{ event_id([
                "'pixel'",
                "query_string",
                epoch_microseconds("received_at"),
                "any_email_hash",
            ]) }}
        end as event_id,
        'pixel' as source,
        cast(batch as bigint) as batch,
        source_line,
        hit_id as source_event_id,
        anonymous_id,
        coalesce(anonymous_id, 'login:' || login, 'email:' || any_email_hash) as device_key,
        linked_anonymous_id,
        login,
        cast(null as varchar) as customer_id,
        any_email_hash as email_hash,
        cast(null as varchar) as phone_hash,
        coalesce({{ click_id('query_string') }}, {{ click_id('page_url') }}) as click_id,
        coalesce({{ click_id_kind('query_string') }}, {{ click_id_kind('page_url') }})
            as click_id_kind,
        provided_session_id,

        -- text
        source_event_name,
        {{ url_page('page_url') }} as page,
        {{ url_host('page_url') }} as page_host,
        {{ url_host('referrer_url') }} as referrer_host,
        coalesce(
            {{ query_parameter('query_string', 'utm_source') }},
            {{ query_parameter('page_url', 'utm_source') }}
        ) as utm_source,
        coalesce(
            {{ query_parameter('query_string', 'utm_medium') }},
            {{ query_parameter('page_url', 'utm_medium') }}
        ) as utm_medium,
        coalesce(
            {{ query_parameter('query_string', 'utm_campaign') }},
            {{ query_parameter('page_url', 'utm_campaign') }}
        ) as utm_campaign,
        coalesce(
            {{ query_parameter('query_string', 'utm_term') }},
            {{ query_parameter('page_url', 'utm_term') }}
        ) as utm_term,
        coalesce(
            {{ query_parameter('query_string', 'utm_content') }},
            {{ query_parameter('page_url', 'utm_content') }}
        ) as utm_content,
        cast(null as varchar) as given_channel,
        cast(null as varchar) as given_device,
        user_agent,
        country,
        cast(null as varchar) as traffic_type,
        product_id,
        cast(null as varchar) as category,
        upper(given_currency) as currency,
        order_id,
        case
            when given_consent in ('denied', 'no', '0') then 'denied'
            when given_consent in ('granted', 'yes', '1') then 'granted'
            else 'unknown'
        end as own_consent,
        cast(null as varchar) as properties,

        -- numbers
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as price,
        {{ number_from_text('given_revenue') }} as revenue,
        cast(null as bigint) as engaged_milliseconds,
        filled_count,
        payload_hash,

        -- booleans
        true as is_final_export,

        -- times
        received_at as occurred_at,
        received_at,
        loaded_at,
        {{ unusable_reason(
            'coalesce(anonymous_id, login, any_email_hash)', 'received_at', 'loaded_at'
        ) }} as unusable_reason
    from read

)

select * from final
