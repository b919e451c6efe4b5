{{ config(materialized='view') }}

with

landed as (

    select
        event_id,
        source,
        batch,
        source_line,
        source_event_id,
        anonymous_id,
        device_key,
        linked_anonymous_id,
        login,
        customer_id,
        email_hash,
        phone_hash,
        click_id,
        click_id_kind,
        provided_session_id,
        source_event_name,
        page,
        page_host,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        given_channel,
        given_device,
        user_agent,
        country,
        traffic_type,
        product_id,
        category,
        currency,
        order_id,
        own_consent,
        properties,
        quantity,
        price,
        revenue,
        engaged_milliseconds,
        filled_count,
        payload_hash,
        is_final_export,
        occurred_at,
        received_at,
        loaded_at,
        unusable_reason
    from {{ ref('stg_ga4__events') }}

    union all

    select
        event_id,
        source,
        batch,
        source_line,
        source_event_id,
        anonymous_id,
        device_key,
        linked_anonymous_id,
        login,
        customer_id,
        email_hash,
        phone_hash,
        click_id,
        click_id_kind,
        provided_session_id,
        source_event_name,
        page,
        page_host,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        given_channel,
        given_device,
        user_agent,
        country,
        traffic_type,
        product_id,
        category,
        currency,
        order_id,
        own_consent,
        properties,
        quantity,
        price,
        revenue,
        engaged_milliseconds,
        filled_count,
        payload_hash,
        is_final_export,
        occurred_at,
        received_at,
        loaded_at,
        unusable_reason
    from {{ ref('stg_web__events') }}

    union all

    select
        event_id,
        source,
        batch,
        source_line,
        source_event_id,
        anonymous_id,
        device_key,
        linked_anonymous_id,
        login,
        customer_id,
        email_hash,
        phone_hash,
        click_id,
        click_id_kind,
        provided_session_id,
        source_event_name,
        page,
        page_host,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        given_channel,
        given_device,
        user_agent,
        country,
        traffic_type,
        product_id,
        category,
        currency,
        order_id,
        own_consent,
        properties,
        quantity,
        price,
        revenue,
        engaged_milliseconds,
        filled_count,
        payload_hash,
        is_final_export,
        occurred_at,
        received_at,
        loaded_at,
        unusable_reason
    from {{ ref('stg_pixel__hits') }}

    union all

    select
        event_id,
        source,
        batch,
        source_line,
        source_event_id,
        anonymous_id,
        device_key,
        linked_anonymous_id,
        login,
        customer_id,
        email_hash,
        phone_hash,
        click_id,
        click_id_kind,
        provided_session_id,
        source_event_name,
        page,
        page_host,
        referrer_host,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        given_channel,
        given_device,
        user_agent,
        country,
        traffic_type,
        product_id,
        category,
        currency,
        order_id,
        own_consent,
        properties,
        quantity,
        price,
        revenue,
        engaged_milliseconds,
        filled_count,
        payload_hash,
        is_final_export,
        occurred_at,
        received_at,
        loaded_at,
        unusable_reason
    from {{ ref('stg_ads__clicks') }}

),

event_names as (

    select * from {{ ref('event_names') }}

),

erased_logins as (

    select identifier_value from {{ ref('int_identities__erased') }}
    where identifier_kind = 'login'

),

erased_emails as (

    select identifier_value from {{ ref('int_identities__erased') }}
    where identifier_kind = 'email'

),

erased_phones as (

    select identifier_value from {{ ref('int_identities__erased') }}
    where identifier_kind = 'phone'

),

erased_devices as (

    select identifier_value from {{ ref('int_identities__erased') }}
    where identifier_kind = 'anonymous'

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

final as (

    select
        landed.event_id,
        landed.source,
        landed.batch,
        landed.source_line,
        landed.source_event_id,
        landed.anonymous_id,
        landed.device_key,
        landed.linked_anonymous_id,
        landed.login,
        landed.customer_id,
        landed.email_hash,
        landed.phone_hash,
        landed.click_id,
        landed.click_id_kind,
        landed.provided_session_id,
        landed.source_event_name,
        landed.page,
        landed.page_host,
        landed.referrer_host,
        landed.utm_source,
        landed.utm_medium,
        landed.utm_campaign,
        landed.utm_term,
        landed.utm_content,
        landed.given_channel,
        landed.given_device,
        landed.user_agent,
        landed.country,
        landed.traffic_type,
        landed.product_id,
        landed.category,
        landed.order_id,
        landed.own_consent,
        landed.properties,
        landed.quantity,
        landed.price,
        landed.revenue,
        landed.engaged_milliseconds,
        landed.filled_count,
        landed.payload_hash,
        landed.is_final_export,
        landed.occurred_at,
        landed.received_at,
        landed.loaded_at,
        -- a shop that does not tell its currency means its own
        coalesce(landed.currency, '{{ var("reporting_currency") }}') as currency,
        coalesce(
            event_names.event_name,
            {{ snake_case('landed.source_event_name') }},
            'not_set'
        ) as event_name,
        coalesce(event_names.engagement_weight, 0) as engagement_weight,
        coalesce(event_names.is_visit, true) as is_visit,
        event_names.event_name is null as is_unmapped,
        case
            when landed.unusable_reason is not null then landed.unusable_reason
            when
                erased_logins.identifier_value is not null
                or erased_emails.identifier_value is not null
                or erased_phones.identifier_value is not null
                or erased_devices.identifier_value is not null
                then 'erased'
        end as early_outcome
    from landed
    cross join clock
    left join event_names
        on
            landed.source = event_names.source
            and landed.source_event_name = event_names.source_name
    left join erased_logins
        on landed.login = erased_logins.identifier_value
    left join erased_emails
        on landed.email_hash = erased_emails.identifier_value
    left join erased_phones
        on landed.phone_hash = erased_phones.identifier_value
    left join erased_devices
        on landed.anonymous_id = erased_devices.identifier_value
    -- a row whose time cannot be true has no place on the time line and is always counted
    where
        landed.unusable_reason is not null
        or landed.occurred_at <= clock.as_of

)

select * from final
