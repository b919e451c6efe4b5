{{ config(materialized='view') }}
{% set columns = [
    'row_key', 'event_key', 'session_key', 'identifier_key', 'source', 'product_id',
    'event_name', 'page', 'page_host', 'referrer_host', 'utm_source', 'utm_medium', 'utm_campaign',
    'device', 'country', 'category', 'currency', 'properties', 'quantity', 'price', 'revenue',
    'engagement_weight', 'is_visit', 'occurred_at',
] %}

with

events as (

    select * from {{ ref('int_events__enriched') }}
    where is_counted

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

final as (

    select
        {% for column in columns -%}
            events.{{ column }},
        {% endfor -%}
        identities.user_id,
        identities.user_key
    from events
    inner join identities
        on events.identifier_key = identities.identifier_key

)

select * from final
