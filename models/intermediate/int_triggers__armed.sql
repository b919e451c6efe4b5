{% set chain = 'rule_id, user_key, key_value' %}
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
        matches.user_key,
        matches.key_value,
        matches.event_key,
        matches.match_role,
        matches.occurred_microseconds,
        rules.wait_from,
        rules.after_microseconds
    from {{ ref('int_triggers__matched') }} as matches
    inner join rules
        on matches.rule_id = rules.rule_id

),

-- an event that both ends and starts a wait ends the old one first
numbered as (

    select
        *,
        count(case when match_role = 'start' then 1 end) over (
            partition by {{ chain }}
            order by occurred_microseconds asc, event_key asc, match_role desc
            rows between unbounded preceding and current row
        ) as starts_so_far,
        lead(occurred_microseconds) over (
            partition by {{ chain }}
            order by occurred_microseconds asc, event_key asc, match_role desc
        ) as next_event_moment,
        -- how many starts there are when the wait runs out; those of that instant are inside
        count(case when match_role = 'start' then 1 end) over {{ range_window(
            chain, 'occurred_microseconds', 'unbounded preceding', 'after_microseconds following'
        ) }} as starts_at_end
    from matched

),

-- along the time line both numbers only grow, so the smallest one ahead is the next one
followed as (

    select
        *,
        min(case when match_role = 'stop' then occurred_microseconds end) over ahead
            as next_stop_moment,
        min(case when match_role = 'stop' then starts_so_far end) over ahead as starts_at_next_stop
    from numbered
    window ahead as (
        partition by {{ chain }}
        order by occurred_microseconds asc, event_key asc, match_role desc
        rows between 1 following and unbounded following
    )

),

linked as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        wait_from,
        after_microseconds,
        occurred_microseconds as started_microseconds,
        starts_so_far as start_number,
        next_event_moment,
        next_stop_moment,
        case
            when wait_from = 'last' then starts_so_far
            when next_stop_moment <= occurred_microseconds + after_microseconds
                then starts_at_next_stop
            else starts_at_end
        end + 1 as next_number
    from followed
    where match_role = 'start'

),

-- a start that no earlier wait reaches beyond arms the rule, whatever came before it
judged as (

    select
        *,
        coalesce(
            lag(next_number) over (
                partition by rule_id, user_key, key_value
                order by start_number
            ) = start_number,
            true
        ) as is_sure
    from linked

),

doubtful as (

    select
        rule_id,
        user_key,
        key_value,
        start_number,
        next_number
    from judged
    where not is_sure

),

armed as (

    select
        rule_id,
        user_key,
        key_value,
        start_number,
        next_number
    from judged
    where is_sure

    union all

    select
        doubtful.rule_id,
        doubtful.user_key,
        doubtful.key_value,
        doubtful.start_number,
        doubtful.next_number
    from armed
    inner join doubtful
        on
            armed.rule_id = doubtful.rule_id
            and armed.user_key = doubtful.user_key
            and armed.key_value = doubtful.key_value
            and armed.next_number = doubtful.start_number

),

final as (

    select
        judged.rule_id,
        judged.user_key,
        judged.key_value,
        judged.event_key,
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
            and judged.user_key = armed.user_key
            and judged.key_value = armed.key_value
            and judged.start_number = armed.start_number

)

select * from final
