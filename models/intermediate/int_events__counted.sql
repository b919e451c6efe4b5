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
    where not is_internal

),

-- few sessions count for nobody: a look-up among these, and not among all sessions
uncounted as (

    select session_key from {{ ref('int_sessions__judged') }}
    where is_bot or is_shadowed

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
    left join uncounted
        on events.session_key = uncounted.session_key
    where uncounted.session_key is null

)

select * from final
