with recursive

rules as (

    select
        rule_id,
        {{ hours_in_microseconds('cooldown_hours') }} as cooldown_microseconds,
        {{ hours_in_microseconds('expires_hours') }} as expires_microseconds
    from {{ ref('trigger_rules') }}

),

candidates as (

    select
        candidates.rule_id,
        candidates.user_id,
        candidates.key_value,
        candidates.event_id,
        candidates.evidence_event_ids,
        candidates.match_count,
        candidates.candidate_number,
        candidates.fired_microseconds,
        candidates.window_started_microseconds,
        rules.cooldown_microseconds,
        rules.expires_microseconds
    from {{ ref('int_triggers__candidates') }} as candidates
    inner join rules
        on candidates.rule_id = rules.rule_id

),

clock as (

    select {{ epoch_microseconds('as_of') }} as as_of_microseconds
    from {{ ref('int_time__resolved') }}

),

-- a probe marks where the cooldown of a candidate ends, before the candidates of that
-- instant: how many lie before it says which one would be the next to fire
moments as (

    select
        rule_id,
        user_id,
        key_value,
        candidate_number,
        1 as is_candidate,
        fired_microseconds as moment
    from candidates

    union all

    select
        rule_id,
        user_id,
        key_value,
        candidate_number,
        0 as is_candidate,
        fired_microseconds + cooldown_microseconds as moment
    from candidates

),

numbered as (

    select
        *,
        sum(is_candidate) over (
            partition by rule_id, user_id, key_value
            order by moment, is_candidate, candidate_number
            rows between unbounded preceding and current row
        ) as candidates_so_far
    from moments

),

linked as (

    select
        rule_id,
        user_id,
        key_value,
        candidate_number,
        -- without a cooldown the next candidate may lie at the same instant
        greatest(cast(candidates_so_far as bigint), candidate_number) + 1 as next_number
    from numbered
    where is_candidate = 0

),

-- a candidate that no earlier cooldown reaches beyond fires, whatever came before it
judged as (

    select
        *,
        coalesce(
            lag(next_number) over (
                partition by rule_id, user_id, key_value
                order by candidate_number
            ) = candidate_number,
            true
        ) as is_sure
    from linked

),

doubtful as (

    select * from judged
    where not is_sure

),

-- only from a sure firing into the doubtful ones after it is there a chain to follow
fired as (

    select
        rule_id,
        user_id,
        key_value,
        candidate_number,
        next_number
    from judged
    where is_sure

    union all

    select
        doubtful.rule_id,
        doubtful.user_id,
        doubtful.key_value,
        doubtful.candidate_number,
        doubtful.next_number
    from fired
    inner join doubtful
        on
            fired.rule_id = doubtful.rule_id
            and fired.user_id = doubtful.user_id
            and fired.key_value = doubtful.key_value
            and fired.next_number = doubtful.candidate_number

),

final as (

    select
        candidates.rule_id,
        candidates.user_id,
        candidates.key_value,
        candidates.event_id,
        candidates.evidence_event_ids,
        case when fired.candidate_number is null then 'cooldown' end as suppressed_reason,
        candidates.match_count,
        candidates.candidate_number,
        fired.candidate_number is not null
        and candidates.fired_microseconds <= clock.as_of_microseconds
        and candidates.fired_microseconds + candidates.expires_microseconds
        > clock.as_of_microseconds as is_active,
        {{ timestamp_from_microseconds('candidates.fired_microseconds') }} as fired_at,
        {{ timestamp_from_microseconds('candidates.window_started_microseconds') }}
            as window_started_at,
        {{ timestamp_from_microseconds(
            'candidates.fired_microseconds + candidates.expires_microseconds'
        ) }} as expires_at
    from candidates
    cross join clock
    left join fired
        on
            candidates.rule_id = fired.rule_id
            and candidates.user_id = fired.user_id
            and candidates.key_value = fired.key_value
            and candidates.candidate_number = fired.candidate_number

)

select * from final
