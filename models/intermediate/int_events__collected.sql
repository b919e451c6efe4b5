{{ config(materialized='view') }}
{% set columns = [
    'source', 'batch', 'source_line', 'anonymous_id', 'linked_anonymous_id', 'login',
    'customer_id', 'email_hash', 'phone_hash', 'click_id', 'click_id_kind',
    'provided_session_id', 'source_event_name', 'page', 'page_host',
    'referrer_host', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content',
    'given_channel', 'given_device', 'user_agent', 'country', 'traffic_type', 'product_id',
    'category', 'currency', 'order_id', 'own_consent', 'properties', 'quantity', 'price',
    'revenue', 'engaged_milliseconds', 'filled_count', 'is_final_export',
    'occurred_at', 'received_at', 'loaded_at', 'unusable_reason',
] %}

with

batches as (

    select
        batch,
        run_number
    -- no landed row bears the number of a reset. A filter would have the engine expect few rows, and
    -- keep the wide ones in memory where a join could keep the narrow
    from {{ ref('int_batches__read') }}

),

landed as (

    {% for model in ['stg_ga4__events', 'stg_web__events', 'stg_pixel__hits', 'stg_ads__clicks'] -%}
        select event_id, device_key, payload_hash, {{ columns | join(', ') }} from {{ ref(model) }}
                {{ 'union all' if not loop.last }} -- noqa: LT02

    {% endfor %}

),

final as (

    select
        {{ row_key('landed.batch', 'landed.source_line') }} as row_key,
        {{ key_from_id('landed.event_id') }} as event_key,
        {{ text_number('landed.device_key') }} as visitor_key,
        {{ key_from_id('landed.payload_hash') }} as payload_key,
        -- most devices are their anonymous id, which need not be kept twice
        nullif(landed.device_key, landed.anonymous_id) as device_key,
        {% for column in columns if column != 'currency' -%}
            landed.{{ column }},
        {% endfor -%}
        -- a shop that does not tell its currency means its own
        coalesce(landed.currency, '{{ var("reporting_currency") }}') as currency,
        batches.run_number
    from landed
    -- a reader that wants some runs only opens the files of their batches only
    inner join batches
        on landed.batch = batches.batch

)

select * from final
