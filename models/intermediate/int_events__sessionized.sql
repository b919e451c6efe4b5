{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='row_key',
    on_schema_change='fail'
) }}
{% set cap_microseconds = var('session_cap_hours') ~ ' * 3600000000.0' %}
{% set window = 'partition by visitor_key, source, provided_session_id order by occurred_at, event_key' %}

with

progress as (

    {{ progress() }}

),

judged as (

    select * from {{ ref('int_events__judged') }}

),

-- every copy of an event that a run touched was judged anew, so all visitors are here that an
-- event came to or went from
visitors as (  -- noqa: ST03

    select distinct judged.visitor_key  -- one visitor has many events
    from judged
    inner join progress
        on judged.run_number > progress.read_until

),

events as (

    select
        row_key,
        event_key,
        visitor_key,
        source,
        provided_session_id,
        event_name,
        occurred_at,
        {{ epoch_microseconds('occurred_at') }} as occurred_microseconds
    from judged
    where
        outcome = 'kept'  -- noqa: LT02
        {%- if is_incremental() %}
            and visitor_key in (select visitors.visitor_key from visitors)
        {%- endif %}

),

with_neighbours as (

    select
        *,
        row_number() over visitor_timeline as timeline_position,
        lag(occurred_microseconds) over visitor_timeline as previous_microseconds,
        lag(event_name) over visitor_timeline as previous_event_name,
        first_value(occurred_microseconds) over visitor_timeline as first_microseconds
    from events
    window visitor_timeline as ({{ window }})

),

with_pieces as (

    select
        *,
        -- a provided session longer than the cap is cut into pieces of the cap's length
        ceil((occurred_microseconds - first_microseconds) / ({{ cap_microseconds }})) as piece,
        ceil((previous_microseconds - first_microseconds) / ({{ cap_microseconds }}))
            as previous_piece
    from with_neighbours

),

with_starts as (

    select
        *,
        case
            when previous_microseconds is null then true
            when provided_session_id is not null
                then greatest(piece, 1) <> greatest(previous_piece, 1)
            else
                occurred_microseconds - previous_microseconds
                > {{ var('session_timeout_seconds') }} * 1000000
        end as is_session_start
    from with_pieces

),

with_sessions as (

    select
        *,
        -- a session is told by its first event
        {{ last_known('case when is_session_start then event_key end', window) }} as session_key,
        {{ last_known('case when is_session_start then timeline_position end', window) }}
            as start_position
    from with_starts

),

sessionized as (

    select
        row_key,
        event_key,
        visitor_key,
        session_key,
        source,
        -- what the id of the session is made of, on its first event
        case
            when not is_session_start then null
            when provided_session_id is not null and occurred_microseconds = first_microseconds
                then provided_session_id
            else cast(occurred_microseconds as varchar)
        end as session_name,
        timeline_position - start_position + 1 as event_position,
        is_session_start,
        -- a step of the click path: not the same event again
        is_session_start or event_name <> previous_event_name as is_path_step,
        occurred_at
    from with_sessions

),

{% if is_incremental() -%}
    stored as (

        select * from {{ this }}
        where visitor_key in (select visitors.visitor_key from visitors)

    ),

{% endif -%}
final as (

    select
        sessionized.row_key,
        sessionized.event_key,
        sessionized.visitor_key,
        sessionized.session_key,
        sessionized.source,
        sessionized.session_name,
        sessionized.event_position,
        sessionized.is_session_start,
        sessionized.is_path_step,
        sessionized.occurred_at,
        false as is_removed,
        progress.run_number
    from sessionized
    cross join progress
    {% if is_incremental() -%}
        left join stored
            on sessionized.row_key = stored.row_key
        -- what is as it was is not written again
        where
            stored.row_key is null
            or stored.session_key <> sessionized.session_key
            or stored.event_position <> sessionized.event_position
            or stored.is_path_step <> sessionized.is_path_step
            or coalesce(stored.session_name, '') <> coalesce(sessionized.session_name, '')

        union all

        select
            stored.row_key,
            stored.event_key,
            stored.visitor_key,
            stored.session_key,
            stored.source,
            stored.session_name,
            stored.event_position,
            stored.is_session_start,
            stored.is_path_step,
            stored.occurred_at,
            true as is_removed,
            progress.run_number
        from stored
        cross join progress
        left join sessionized
            on stored.row_key = sessionized.row_key
        where sessionized.row_key is null
    {%- endif %}

)

select * from final
