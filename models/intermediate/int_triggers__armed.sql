with recursive

rules as (

    select
        rule_id,
        wait_from,
        {{ hours_in_microseconds('after_hours') }} as after_microseconds
    from {{ ref('trigger_rules') }}
    where kind = 'absence'

),

matched as (

    select
        matches.rule_id,
        matches.user_id,
        matches.key_value,
        matches.event_id,
        matches.match_role,
        matches.occurred_microseconds,
        rules.wait_from,
        rules.after_microseconds
    from {{ ref('int_triggers__matched') }} as matches
    inner join rules
        on matches.rule_id = rules.rule_id

),

-- a probe marks where the wait of a start runs out, after the events of that instant.
-- An event that both ends and starts a wait ends the old one first.
moments as (

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        match_role,
        wait_from,
        after_microseconds,
        occurred_microseconds as moment,
        case match_role when 'stop' then 1 else 2 end as role_order,
        0 as is_probe
    from matched

    union all

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        'end' as match_role,
        wait_from,
        after_microseconds,
        occurred_microseconds + after_microseconds as moment,
        3 as role_order,
        1 as is_probe
    from matched
    where
        match_role = 'start'
        and wait_from = 'first'

),

numbered as (

    select
        *,
        sum(case when match_role = 'start' then 1 else 0 end) over (
            partition by rule_id, user_id, key_value
            order by moment, is_probe, event_id, role_order
            rows between unbounded preceding and current row
        ) as starts_so_far,
        -- read for rules from the last start only, and those have no probes in between
        lead(moment) over (
            partition by rule_id, user_id, key_value
            order by moment, is_probe, event_id, role_order
        ) as next_event_moment
    from moments

),

-- along the time line both numbers only grow, so the smallest one ahead is the next one
followed as (

    select
        *,
        min(case when match_role = 'stop' then moment end) over ahead as next_stop_moment,
        min(case when match_role = 'stop' then starts_so_far end) over ahead as starts_at_next_stop
    from numbered
    window ahead as (
        partition by rule_id, user_id, key_value
        order by moment, is_probe, event_id, role_order
        rows between 1 following and unbounded following
    )

),

starts as (

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        max(wait_from) as wait_from,
        max(after_microseconds) as after_microseconds,
        max(case when match_role = 'start' then moment end) as started_microseconds,
        max(case when match_role = 'start' then starts_so_far end) as start_number,
        max(case when match_role = 'start' then next_event_moment end) as next_event_moment,
        max(case when match_role = 'start' then next_stop_moment end) as next_stop_moment,
        max(case when match_role = 'start' then starts_at_next_stop end) as starts_at_next_stop,
        max(case when match_role = 'end' then starts_so_far end) as starts_at_end
    from followed
    where match_role in ('start', 'end')
    group by rule_id, user_id, key_value, event_id

),

linked as (

    select
        *,
        cast(
            case
                when wait_from = 'last' then start_number
                when next_stop_moment <= started_microseconds + after_microseconds
                    then starts_at_next_stop
                else starts_at_end
            end as bigint
        ) + 1 as next_number
    from starts

),

-- a start that no earlier wait reaches beyond arms the rule, whatever came before it
judged as (

    select
        *,
        coalesce(
            lag(next_number) over (
                partition by rule_id, user_id, key_value
                order by start_number
            ) = start_number,
            true
        ) as is_sure
    from linked

),

doubtful as (

    select
        rule_id,
        user_id,
        key_value,
        start_number,
        next_number
    from judged
    where not is_sure

),

armed as (

    select
        rule_id,
        user_id,
        key_value,
        start_number,
        next_number
    from judged
    where is_sure

    union all

    select
        doubtful.rule_id,
        doubtful.user_id,
        doubtful.key_value,
        doubtful.start_number,
        doubtful.next_number
    from armed
    inner join doubtful
        on
            armed.rule_id = doubtful.rule_id
            and armed.user_id = doubtful.user_id
            and armed.key_value = doubtful.key_value
            and armed.next_number = doubtful.start_number

),

final as (

    select
        judged.rule_id,
        judged.user_id,
        judged.key_value,
        judged.event_id,
        judged.started_microseconds,
        judged.started_microseconds + judged.after_microseconds as due_microseconds,
        case judged.wait_from
            when 'last' then judged.next_event_moment
            else judged.next_stop_moment
        end as next_end_microseconds
    from judged
    inner join armed
        on
            judged.rule_id = armed.rule_id
            and judged.user_id = armed.user_id
            and judged.key_value = armed.key_value
            and judged.start_number = armed.start_number

)

select * from final
