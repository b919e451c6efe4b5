with

source as (

    select * from {{ source('ads', 'clicks') }}

),

final as (

    select
        -- ids
        {{ event_id([
            "'ads'",
            "network",
            "click_id",
            "anonymous_id",
            "case when click_id is null then " ~ epoch_microseconds("clicked_at") ~ " end",
        ]) }} as event_id,
        'ads' as source,
        cast(batch as bigint) as batch,
        source_line,
        click_id as source_event_id,
        nullif(trim(anonymous_id), '') as anonymous_id,
        coalesce(nullif(trim(anonymous_id), ''), 'click:' || nullif(trim(click_id), '')) as device_key,
        cast(null as varchar) as linked_anonymous_id,
        cast(null as varchar) as login,
        cast(null as varchar) as customer_id,
        cast(null as varchar) as email_hash,
        cast(null as varchar) as phone_hash,
        nullif(trim(click_id), '') as click_id,
        cast(null as varchar) as click_id_kind,
        cast(null as varchar) as provided_session_id,

        -- text
        'click' as source_event_name,
        {{ url_page('landing_page') }} as page,
        {{ url_host('landing_page') }} as page_host,
        cast(null as varchar) as referrer_host,
        lower(network) as utm_source,
        'cpc' as utm_medium,
        coalesce(campaign, campaign_id) as utm_campaign,
        cast(null as varchar) as utm_term,
        ad_id as utm_content,
        cast(null as varchar) as given_channel,
        cast(null as varchar) as given_device,
        cast(null as varchar) as user_agent,
        country,
        cast(null as varchar) as traffic_type,
        cast(null as varchar) as product_id,
        cast(null as varchar) as category,
        upper(currency) as currency,
        cast(null as varchar) as order_id,
        'unknown' as own_consent,
        cast(null as varchar) as properties,

        -- numbers
        cast(null as decimal(18, 4)) as quantity,
        cast(null as decimal(18, 4)) as price,
        cast(null as decimal(18, 4)) as revenue,
        cast(null as bigint) as engaged_milliseconds,
        filled_count,
        payload_hash,

        -- booleans
        true as is_final_export,

        -- times
        clicked_at as occurred_at,
        loaded_at as received_at,
        loaded_at,
        {{ unusable_reason(
            'coalesce(anonymous_id, click_id)', 'clicked_at', 'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
