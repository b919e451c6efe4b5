with

events as (

    select
        event_id,
        source,
        device_key,
        anonymous_id,
        provided_session_id,
        event_name,
        occurred_at,
        {{ epoch_microseconds('occurred_at') }} as occurred_microseconds
    from {{ ref('int_events__deduplicated') }}
    where outcome = 'kept'

),

with_neighbours as (

    select
        *,
        row_number() over device_timeline as event_position,
        lag(occurred_microseconds) over device_timeline as previous_microseconds,
        lag(event_name) over device_timeline as previous_event_name,
        min(occurred_microseconds) over (
            partition by source, device_key, provided_session_id
        ) as first_microseconds
    from events
    window device_timeline as (
        partition by source, device_key, provided_session_id
        order by occurred_at, event_id
    )

),

with_pieces as (

    select
        *,
        -- a provided session longer than the cap is cut into pieces of the cap's length
        ceil(
            (occurred_microseconds - first_microseconds)
            / ({{ var('session_cap_hours') }} * 3600000000.0)
        ) as piece,
        ceil(
            (previous_microseconds - first_microseconds)
            / ({{ var('session_cap_hours') }} * 3600000000.0)
        ) as previous_piece
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

with_session_starts as (

    select
        *,
        max(case when is_session_start then occurred_microseconds end) over (
            partition by source, device_key, provided_session_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_microseconds
    from with_starts

),

final as (

    select
        event_id,
        {{ surrogate_key([
            "source",
            "device_key",
            "case when provided_session_id is not null and session_microseconds = first_microseconds"
            ~ " then provided_session_id else cast(session_microseconds as varchar) end",
        ]) }} as session_id,
        source,
        device_key,
        anonymous_id,
        event_position,
        is_session_start,
        -- a step of the click path: not the same event again
        is_session_start or event_name <> previous_event_name as is_path_step,
        occurred_at
    from with_session_starts

)

select * from final
