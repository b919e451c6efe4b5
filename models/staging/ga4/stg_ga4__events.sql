with

source as (

    select * from {{ source('ga4', 'events') }}

),

read as (

    select
        *,
        nullif(user_pseudo_id, '') as anonymous_id,
        nullif(user_id, '') as login,
        {{ timestamp_from_microseconds('event_timestamp') }} as occurred_at,
        {{ ga4_parameter('ga_session_id') }} as ga_session_id,
        {{ ga4_parameter('page_location') }} as page_location,
        {{ ga4_parameter('page_referrer') }} as page_referrer,
        {{ ga4_parameter('currency') }} as given_currency,
        {{ ga4_parameter('value') }} as given_value,
        {{ ga4_parameter('transaction_id') }} as given_transaction_id,
        {{ ga4_parameter('engagement_time_msec') }} as given_engagement,
        {{ ga4_parameter('source') }} as given_source,
        {{ ga4_parameter('medium') }} as given_medium,
        {{ ga4_parameter('campaign') }} as given_campaign,
        {{ ga4_parameter('term') }} as given_term,
        {{ ga4_parameter('content') }} as given_content,
        {{ ga4_parameter('traffic_type') }} as traffic_type,
        {{ ga4_item_amounts() }} as item_amounts
    from source

),

priced as (

    select
        *,
        -- an amount in US dollars is used only where the local currency is not told
        given_currency is null and (
            ecommerce['purchase_revenue_in_usd'] is not null
            or ecommerce['refund_value_in_usd'] is not null
            or item_amounts['is_in_usd']
        ) as is_in_usd,
        coalesce(
            nullif(nullif(trim(ecommerce['transaction_id']), ''), '(not set)'),
            nullif(nullif(trim(given_transaction_id), ''), '(not set)')
        ) as order_id
    from read

),

final as (

    select
        -- ids
        {{ event_id([
            "'ga4'",
            "user_pseudo_id",
            "user_id",
            "event_name",
            "event_timestamp",
            "event_bundle_sequence_id",
            "batch_page_id",
            "batch_ordering_id",
            "batch_event_index",
            "order_id",
        ]) }} as event_id,
        'ga4' as source,
        cast(batch as bigint) as batch,
        source_line,
        cast(null as varchar) as source_event_id,
        anonymous_id,
        coalesce(anonymous_id, 'login:' || login, 'email:' || email_hash) as device_key,
        cast(null as varchar) as linked_anonymous_id,
        login,
        cast(null as varchar) as customer_id,
        email_hash,
        phone_hash,
        coalesce(
            collected_traffic_source['gclid'],
            collected_traffic_source['dclid'],
            {{ click_id('page_location') }}
        ) as click_id,
        case
            when collected_traffic_source['gclid'] is not null then 'gclid'
            when collected_traffic_source['dclid'] is not null then 'dclid'
            else {{ click_id_kind('page_location') }}
        end as click_id_kind,
        ga_session_id as provided_session_id,

        -- text
        event_name as source_event_name,
        {{ url_page('page_location') }} as page,
        {{ url_host('page_location') }} as page_host,
        {{ url_host('page_referrer') }} as referrer_host,
        coalesce(
            collected_traffic_source['manual_source'],
            {{ query_parameter('page_location', 'utm_source') }},
            given_source
        ) as utm_source,
        coalesce(
            collected_traffic_source['manual_medium'],
            {{ query_parameter('page_location', 'utm_medium') }},
            given_medium
        ) as utm_medium,
        coalesce(
            collected_traffic_source['manual_campaign_name'],
            {{ query_parameter('page_location', 'utm_campaign') }},
            given_campaign
        ) as utm_campaign,
        coalesce(
            collected_traffic_source['manual_term'],
            {{ query_parameter('page_location', 'utm_term') }},
            given_term
        ) as utm_term,
        coalesce(
            collected_traffic_source['manual_content'],
            {{ query_parameter('page_location', 'utm_content') }},
            given_content
        ) as utm_content,
        cast(null as varchar) as given_channel,
        lower(device['category']) as given_device,
        cast(null as varchar) as user_agent,
        nullif(nullif(geo['country'], ''), '(not set)') as country,
        traffic_type,
        {{ first_item('item_id') }} as product_id,
        nullif(nullif({{ first_item('item_category') }}, ''), '(not set)') as category,
        upper(coalesce(given_currency, case when is_in_usd then 'USD' end)) as currency,
        order_id,
        case
            when lower(privacy_info['analytics_storage']) in ('no', 'denied') then 'denied'
            when lower(privacy_info['analytics_storage']) in ('yes', 'granted') then 'granted'
            else 'unknown'
        end as own_consent,
        {{ ga4_properties() }} as properties,

        -- numbers
        item_amounts['quantity'] as quantity,
        case
            when
                is_in_usd
                then coalesce({{ first_item('price_in_usd') }}, {{ first_item('price') }})
            else {{ first_item('price') }}
        end as price,
        case
            when event_name = 'purchase' and is_in_usd
                then coalesce(ecommerce['purchase_revenue_in_usd'], item_amounts['revenue_in_usd'])
            when event_name = 'purchase'
                then coalesce(
                    ecommerce['purchase_revenue'],
                    item_amounts['revenue'],
                    {{ number_from_text('given_value') }}
                )
            when event_name = 'refund' and is_in_usd
                then
                    -abs(coalesce(ecommerce['refund_value_in_usd'], item_amounts['revenue_in_usd']))
            when event_name = 'refund'
                then -abs(coalesce(
                    ecommerce['refund_value'],
                    item_amounts['revenue'],
                    {{ number_from_text('given_value') }}
                ))
        end as revenue,
        cast({{ number_from_text('given_engagement') }} as bigint) as engaged_milliseconds,
        filled_count,
        payload_hash,

        -- booleans
        not coalesce(is_intraday, false) as is_final_export,

        -- times
        occurred_at,
        loaded_at as received_at,
        loaded_at,
        {{ unusable_reason(
            'coalesce(anonymous_id, login, email_hash)', 'occurred_at', 'loaded_at'
        ) }} as unusable_reason
    from priced

)

select * from final
