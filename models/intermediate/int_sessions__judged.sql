{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='session_key',
    on_schema_change='fail'
) }}
{% set compared = [
    'session_id', 'event_count', 'started_at', 'ended_at', 'is_bot', 'is_shadowed'
] %}
{% set weighed = [
    'session_key', 'visitor_key', 'source', 'anonymous_id', 'session_id', 'event_count', 'started_at',
    'ended_at', 'duration_seconds',
] %}
{% set last_read = known_read_until() %}
{% set timeout = var('session_timeout_seconds') %}
{% set stored_sessions -%}
    select stored.started_at as moment
    from {{ this }} as stored
    where
        stored.visitor_key in (
            select judged.visitor_key
            from {{ ref('int_events__judged') }} as judged
            where {{ since('judged', last_read) }}
        )
{%- endset %}
{#- A session that changes had an event after the first that was told, or shortly before it. -#}
{% set first_told = earliest_of(last_read, told_moments(last_read)) %}
{% set reach = [timeout, var('session_cap_hours') * 3600] | max %}
{% set first_changed = earliest_of(
    last_read,
    told_moments(last_read) ~ ' union all ' ~ stored_sessions ~ ' and '
    ~ not_before('stored.ended_at', first_told, reach)
) %}
{#- One may shadow another while no timeout lies between them: what lies as near is judged anew, -#}
{% set is_near = not_before('judged.ended_at', first_changed, timeout) %}
{#- and what lies as near to that is looked at. -#}
{% set first_near = earliest_of(
    last_read,
    told_moments(last_read) ~ ' union all ' ~ stored_sessions ~ ' and '
    ~ not_before('stored.ended_at', first_changed, timeout)
) %}

with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    -- sessions of a visitor are judged together, whichever tracker saw them
    visitors as (

        select
            judged.visitor_key,
            min(judged.occurred_at) as touched_from
        from {{ ref('int_events__judged') }} as judged
        where
            {{ since('judged', last_read) }}
            and judged.unusable_reason is null
        group by judged.visitor_key

    ),

    stored as (

        select
            stored.*,
            visitors.touched_from
        from {{ this }} as stored
        inner join visitors
            on stored.visitor_key = visitors.visitor_key
        where {{ not_before('stored.ended_at', first_near, timeout) }}

    ),

    -- a session that was over before anything was touched is as it was
    changed as (

        select sessionized.session_key
        from {{ ref('int_events__sessionized') }} as sessionized
        inner join visitors
            on
                sessionized.visitor_key = visitors.visitor_key
                and sessionized.occurred_at >= visitors.touched_from
        where {{ not_before('sessionized.occurred_at', first_changed) }}

        union

        select session_key from stored
        where ended_at >= touched_from

    ),

{% endif -%}
events as (

    select * from {{ ref('int_events__sessionized') }}
    {% if is_incremental() -%}
        where
            session_key in (select changed.session_key from changed)
            and {{ not_before('occurred_at', first_changed) }}
    {%- endif %}

),

trackers as (

    select * from {{ ref('trackers') }}

),

sessions as (

    select
        session_key,
        min(visitor_key) as visitor_key,
        min(source) as source,
        min(session_name) as session_name,
        min(case when is_session_start then row_key end) as first_row_key,
        count(*) as event_count,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from events
    group by session_key

),

devices as (

    select
        row_key,
        coalesce(anonymous_id, device_key) as device_key,
        anonymous_id
    from {{ ref('int_events__judged') }}

),

timed as (

    select
        sessions.session_key,
        sessions.visitor_key,
        sessions.source,
        devices.anonymous_id,
        {{ surrogate_key(['sessions.source', 'devices.device_key', 'sessions.session_name']) }}
            as session_id,
        sessions.event_count,
        sessions.started_at,
        sessions.ended_at,
        (
            {{ epoch_microseconds('sessions.ended_at') }}
            - {{ epoch_microseconds('sessions.started_at') }}
        ) / 1000000.0 as duration_seconds
    from sessions
    inner join devices
        on sessions.first_row_key = devices.row_key

),

weighed as (

    select
        {% for column in weighed -%}
            {{ column }},
        {% endfor -%}
        (event_count >= {{ var('bot_session_events') }} and event_count > duration_seconds)
        or event_count > 2000 as is_bot
    from timed

    {% if is_incremental() -%}
        union all

        select
            {% for column in weighed -%}
                {{ column }},
            {% endfor -%}
            is_bot
        from stored
        where session_key not in (select changed.session_key from changed)
    {%- endif %}

),

ranked as (

    select
        weighed.*,
        trackers.rank as tracker_rank
    from weighed
    left join trackers
        on weighed.source = trackers.source

),

shared as (

    -- only anonymous ids that several trackers report can be counted twice
    select visitor_key
    from ranked
    where anonymous_id is not null and not is_bot and tracker_rank is not null
    group by visitor_key
    having count(distinct source) > 1

),

shared_sessions as (

    select ranked.*
    from ranked
    inner join shared
        on ranked.visitor_key = shared.visitor_key
    where not ranked.is_bot and ranked.tracker_rank is not null

),

shadowed as (

    select distinct lower_ranked.session_key  -- several sessions may lie over one
    from shared_sessions as lower_ranked
    inner join shared_sessions as higher_ranked
        on
            lower_ranked.visitor_key = higher_ranked.visitor_key
            and lower_ranked.tracker_rank > higher_ranked.tracker_rank
            and lower_ranked.started_at
            <= {{ add_seconds('higher_ranked.ended_at', var('session_timeout_seconds')) }}
            and higher_ranked.started_at
            <= {{ add_seconds('lower_ranked.ended_at', var('session_timeout_seconds')) }}

),

judged as (

    select
        ranked.session_key,
        ranked.session_id,
        ranked.visitor_key,
        ranked.source,
        ranked.anonymous_id,
        ranked.event_count,
        ranked.duration_seconds,
        ranked.is_bot,
        shadowed.session_key is not null as is_shadowed,
        ranked.started_at,
        ranked.ended_at
    from ranked
    left join shadowed
        on ranked.session_key = shadowed.session_key

),

final as (

    select
        judged.session_key,
        judged.session_id,
        judged.visitor_key,
        judged.source,
        judged.anonymous_id,
        judged.event_count,
        judged.duration_seconds,
        judged.is_bot,
        judged.is_shadowed,
        judged.started_at,
        judged.ended_at,
        false as is_removed,
        progress.run_number
    from judged
    cross join progress
    {% if is_incremental() -%}
        left join stored
            on judged.session_key = stored.session_key
        -- what is as it was is not written again
        where
            {{ is_near }}
            and (
                stored.session_key is null
                {%- for column in compared %}
                    or stored.{{ column }} <> judged.{{ column }}
                {%- endfor %}
            )

        union all

        select
            stored.session_key,
            stored.session_id,
            stored.visitor_key,
            stored.source,
            stored.anonymous_id,
            stored.event_count,
            stored.duration_seconds,
            stored.is_bot,
            stored.is_shadowed,
            stored.started_at,
            stored.ended_at,
            true as is_removed,
            progress.run_number
        from stored
        cross join progress
        left join judged
            on stored.session_key = judged.session_key
        where judged.session_key is null
    {%- endif %}

)

select * from final
{{ in_order_of('started_at') }}
