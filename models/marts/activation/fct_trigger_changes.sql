{{ config(materialized='view') }}

with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

-- what fires while another firing is active only prolongs it
firings as (

    select
        walked.firing_id,
        walked.rule_id,
        walked.user_id,
        walked.key_value,
        walked.fired_at,
        walked.expires_at,
        walked.is_ended_early,
        max(walked.expires_at) over (
            partition by walked.rule_id, walked.user_key, walked.key_value
            order by walked.fired_at, walked.firing_id
            rows between unbounded preceding and 1 preceding
        ) as active_until,
        lead(walked.fired_at) over (
            partition by walked.rule_id, walked.user_key, walked.key_value
            order by walked.fired_at, walked.firing_id
        ) as next_fired_at
    from {{ ref('int_triggers__walked') }} as walked
    cross join clock
    where
        walked.suppressed_reason is null
        and walked.fired_at <= clock.as_of
        and walked.expires_at > walked.fired_at

),

changes as (

    select
        'entered' as op,
        fired_at as changed_at,
        'fired' as change_cause,
        *
    from firings
    where
        active_until is null
        or active_until < fired_at

    union all

    -- nobody does anything at that moment but when an event ends it: it is there all the same
    select
        'exited' as op,
        greatest(expires_at, coalesce(active_until, expires_at)) as changed_at,
        case
            when is_ended_early and expires_at >= coalesce(active_until, expires_at)
                then 'ended by an event'
            else 'expired'
        end as change_cause,
        *
    from firings
    where
        next_fired_at is null
        or next_fired_at > greatest(expires_at, coalesce(active_until, expires_at))

),

final as (

    select
        -- ids
        {{ surrogate_key(['changes.firing_id', 'changes.op']) }} as change_id,
        changes.firing_id,
        changes.rule_id,
        changes.user_id,
        nullif(changes.key_value, '') as key_value,

        -- text
        changes.op,
        changes.change_cause,

        -- times
        changes.changed_at
    from changes
    cross join clock
    where changes.changed_at <= clock.as_of

)

select * from final
