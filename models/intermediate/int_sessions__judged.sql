with

events as (

    select * from {{ ref('int_events__sessionized') }}

),

trackers as (

    select * from {{ ref('trackers') }}

),

sessions as (

    select
        session_id,
        min(source) as source,
        min(device_key) as device_key,
        min(anonymous_id) as anonymous_id,
        count(*) as event_count,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at
    from events
    group by session_id

),

timed as (

    select
        sessions.*,
        trackers.rank as tracker_rank,
        (
            {{ epoch_microseconds('sessions.ended_at') }}
            - {{ epoch_microseconds('sessions.started_at') }}
        ) / 1000000.0 as duration_seconds
    from sessions
    left join trackers
        on sessions.source = trackers.source

),

judged as (

    select
        *,
        (event_count >= {{ var('bot_session_events') }} and event_count > duration_seconds)
        or event_count > 2000 as is_bot
    from timed

),

shared as (

    -- only anonymous ids that several trackers report can be counted twice
    select anonymous_id
    from judged
    where anonymous_id is not null and not is_bot and tracker_rank is not null
    group by anonymous_id
    having count(distinct source) > 1

),

shared_sessions as (

    select judged.*
    from judged
    inner join shared
        on judged.anonymous_id = shared.anonymous_id
    where not judged.is_bot and judged.tracker_rank is not null

),

shadowed as (

    select distinct lower_ranked.session_id  -- several sessions may lie over one
    from shared_sessions as lower_ranked
    inner join shared_sessions as higher_ranked
        on
            lower_ranked.anonymous_id = higher_ranked.anonymous_id
            and lower_ranked.tracker_rank > higher_ranked.tracker_rank
            and lower_ranked.started_at
            <= {{ add_seconds('higher_ranked.ended_at', var('session_timeout_seconds')) }}
            and higher_ranked.started_at
            <= {{ add_seconds('lower_ranked.ended_at', var('session_timeout_seconds')) }}

),

final as (

    select
        judged.session_id,
        judged.source,
        judged.device_key,
        judged.anonymous_id,
        judged.event_count,
        judged.duration_seconds,
        judged.is_bot,
        shadowed.session_id is not null as is_shadowed,
        judged.started_at,
        judged.ended_at
    from judged
    left join shadowed
        on judged.session_id = shadowed.session_id

)

select * from final
