{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='session_key',
    on_schema_change='fail'
) }}
{% set last_read = known_read_until() %}
{% set earliest = earliest_touched(last_read) %}
{% set is_touched = of_touched_session(earliest) %}

-- depends_on: {{ ref('int_events__judged') }}, {{ ref('int_events__sessionized') }}
with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    {{ touched_sessions(last_read, earliest) }}

{% endif -%}
events as (

    select * from {{ ref('int_events__enriched') }}
    {% if is_incremental() -%}
        where {{ is_touched }}
    {%- endif %}

),

seen_together as (

    select
        events.session_key,
        events.anonymous_id,
        events.linked_anonymous_id,
        events.click_id,
        events.login,
        events.customer_id,
        events.email_hash,
        events.phone_hash,
        min(events.occurred_at) as first_seen_at,
        max(events.occurred_at) as last_seen_at
    from events
    group by
        events.session_key,
        events.anonymous_id,
        events.linked_anonymous_id,
        events.click_id,
        events.login,
        events.customer_id,
        events.email_hash,
        events.phone_hash

),

final as (

    select
        sessions.session_key,
        sessions.visitor_key,
        seen_together.anonymous_id,
        seen_together.linked_anonymous_id,
        seen_together.click_id,
        seen_together.login,
        seen_together.customer_id,
        seen_together.email_hash,
        seen_together.phone_hash,
        seen_together.first_seen_at,
        seen_together.last_seen_at,
        false as is_removed,
        progress.run_number
    from seen_together
    cross join progress
    inner join {{ ref('int_sessions__judged') }} as sessions
        on
            seen_together.session_key = sessions.session_key
            and not sessions.is_bot
            and {{ not_before('sessions.started_at', earliest) }}

    {% if is_incremental() -%}
        union all

        select
            touched_sessions.session_key,
            null as visitor_key,
            cast(null as varchar) as anonymous_id,
            cast(null as varchar) as linked_anonymous_id,
            cast(null as varchar) as click_id,
            cast(null as varchar) as login,
            cast(null as varchar) as customer_id,
            cast(null as varchar) as email_hash,
            cast(null as varchar) as phone_hash,
            cast(null as timestamp) as first_seen_at,
            cast(null as timestamp) as last_seen_at,
            true as is_removed,
            progress.run_number
        from touched_sessions
        cross join progress
    {%- endif %}

)

select * from final
