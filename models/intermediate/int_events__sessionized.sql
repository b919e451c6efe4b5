{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='row_key',
    on_schema_change='fail'
) }}
{% set cap_microseconds = var('session_cap_hours') ~ ' * 3600000000.0' %}
{% set window = 'partition by visitor_key, source, provided_session_id order by occurred_at, event_key' %}
{% set last_read = known_read_until() %}
{% set touched_moments -%}
    select {{ add_seconds('min(judged.occurred_at)', '-' ~ var('session_timeout_seconds')) }} as moment
    from {{ ref('int_events__judged') }} as judged
    where judged.run_number > {{ last_read }}
{%- endset %}
{% set is_recent = not_before('occurred_at', earliest_of(last_read, touched_moments)) if is_incremental() %}

with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    -- every copy of an event that a run touched was judged anew, so all timelines are here that
    -- an event came to or went from
    touched as (

        select judged.*
        from {{ ref('int_events__judged') }} as judged
        where {{ since('judged', last_read) }}

    ),

    timelines as (

        select
            visitor_key,
            source,
            provided_session_id,
            min(occurred_at) as touched_from,
            -- what came before decides over the next event only while the session is open
            {{ add_seconds('min(occurred_at)', '-' ~ var('session_timeout_seconds')) }} as read_from
        from touched
        group by visitor_key, source, provided_session_id

    ),

    kept as (

        select
            judged.*,
            judged.occurred_at < timelines.touched_from as is_placed
        from {{ ref('int_events__judged') }} as judged
        inner join timelines
            on
                judged.visitor_key = timelines.visitor_key
                and judged.source = timelines.source
                and judged.occurred_at >= timelines.read_from
        where
            judged.outcome = 'kept'
            and judged.provided_session_id is null
            and timelines.provided_session_id is null
            and {{ is_recent }}

        union all

        -- the length of a provided session counts from its first event, however long ago
        select
            judged.*,
            false as is_placed
        from {{ ref('int_events__judged') }} as judged
        inner join timelines
            on
                judged.visitor_key = timelines.visitor_key
                and judged.source = timelines.source
                and judged.provided_session_id = timelines.provided_session_id
        where judged.outcome = 'kept'

    ),

    stored as (

        select * from {{ this }}
        where
            {{ is_recent }}
            -- a row stays with its visitor; these are few, which the engine cannot tell of kept
            and visitor_key in (select touched.visitor_key from touched)
            and row_key in (
                select kept.row_key from kept
                union all
                select touched.row_key from touched
            )

        union all

        -- only a provided session goes further back
        select * from {{ this }}
        where
            not ({{ is_recent }})
            and visitor_key in (
                select touched.visitor_key
                from touched
                where touched.provided_session_id is not null
            )
            and row_key in (select kept.row_key from kept)

    ),

    placed as (

        select
            kept.*,
            case when kept.is_placed then stored.session_key end as placed_session_key,
            case when kept.is_placed then stored.event_position end as placed_position
        from kept
        left join stored
            on kept.row_key = stored.row_key

    ),

{% else -%}
    -- nothing is placed yet; a null of the type of keys
    placed as (

        select
            *,
            false as is_placed,
            nullif(event_key, event_key) as placed_session_key,
            cast(null as bigint) as placed_position
        from {{ ref('int_events__judged') }}
        where outcome = 'kept'

    ),

{% endif -%}
events as (

    select
        row_key,
        event_key,
        visitor_key,
        source,
        provided_session_id,
        event_name,
        occurred_at,
        {{ epoch_microseconds('occurred_at') }} as occurred_microseconds,
        is_placed,
        placed_session_key,
        placed_position
    from placed

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
        {{ last_known(
            'case when is_placed then placed_session_key when is_session_start then event_key end',
            window
        ) }} as session_key,
        {{ last_known(
            'case when is_placed then timeline_position - placed_position + 1 '
            ~ 'when is_session_start then timeline_position end',
            window
        ) }} as start_position
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
    where not is_placed

),

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
        left join kept
            on stored.row_key = kept.row_key
        where kept.row_key is null
    {%- endif %}

)

select * from final
{{ in_order_of('occurred_at') }}
