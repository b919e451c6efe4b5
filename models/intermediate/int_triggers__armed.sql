{% set chain = 'rule_id, user_key, key_value' %}
with recursive

rules as (

    select
        rule_id,
        wait_from = 'last' as is_from_last,
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
        case when matches.match_role = 'start' then 1 end as start_mark,
        case when matches.match_role = 'stop' then 1 end as stop_mark,
        matches.occurred_microseconds,
        rules.is_from_last,
        rules.after_microseconds
    from {{ ref('int_triggers__matched') }} as matches
    inner join rules
        on matches.rule_id = rules.rule_id

),

-- an event that both ends and starts a wait ends the old one first
numbered as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        start_mark,
        stop_mark,
        is_from_last,
        occurred_microseconds,
        occurred_microseconds + after_microseconds as due_microseconds,
        count(start_mark) over so_far as start_number,
        count(stop_mark) over so_far as stop_number,
        -- a start that no wait from before can reach arms the rule, whatever came before it
        is_from_last
        or lag(start_mark) over timeline is null
        or lag(occurred_microseconds) over timeline + after_microseconds
        < occurred_microseconds as is_sure,
        lead(occurred_microseconds) over timeline as next_event_moment,
        -- how many starts there are when the wait runs out; those of that instant are inside
        count(start_mark) over {{ range_window(
            chain, 'occurred_microseconds', 'unbounded preceding', 'after_microseconds following'
        ) }} as starts_at_end
    from matched
    window
        timeline as (
            partition by {{ chain }}
            order by occurred_microseconds, event_key, coalesce(start_mark, 0)
        ),
        so_far as (
            partition by {{ chain }}
            order by occurred_microseconds, event_key, coalesce(start_mark, 0)
            rows between unbounded preceding and current row
        )

),

stops as (

    select
        rule_id,
        user_key,
        key_value,
        stop_number,
        start_number,
        occurred_microseconds
    from numbered
    where stop_mark = 1

),

linked as (

    select
        starts.rule_id,
        starts.user_key,
        starts.key_value,
        starts.event_key,
        starts.start_number,
        starts.occurred_microseconds as started_microseconds,
        starts.due_microseconds,
        case
            when starts.is_from_last then starts.next_event_moment
            else stops.occurred_microseconds
        end as next_end_microseconds,
        case
            when stops.occurred_microseconds <= starts.due_microseconds
                then stops.start_number
            else starts.starts_at_end
        end + 1 as next_number,
        starts.is_sure
    from numbered as starts
    left join stops
        on
            starts.rule_id = stops.rule_id
            and starts.user_key = stops.user_key
            and starts.key_value = stops.key_value
            and starts.stop_number + 1 = stops.stop_number
    where starts.start_mark = 1

),

-- of the others only those that some wait, armed or not, would hand over to can be armed
doubtful as (

    select linked.*
    from linked
    where
        not linked.is_sure
        and exists (
            select 1
            from linked as earlier
            where
                earlier.rule_id = linked.rule_id
                and earlier.user_key = linked.user_key
                and earlier.key_value = linked.key_value
                and earlier.next_number = linked.start_number
        )

),

armed as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        started_microseconds,
        due_microseconds,
        next_end_microseconds,
        next_number
    from linked
    where is_sure

    union all

    select
        doubtful.rule_id,
        doubtful.user_key,
        doubtful.key_value,
        doubtful.event_key,
        doubtful.started_microseconds,
        doubtful.due_microseconds,
        doubtful.next_end_microseconds,
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
        rule_id,
        user_key,
        key_value,
        event_key,
        started_microseconds,
        due_microseconds,
        next_end_microseconds
    from armed

)

select * from final
