{{ config(materialized='view') }}
{% set chain = 'user_key, chain_key' %}

with recursive

rules as (

    select
        rule_number,
        is_from_last,
        after_microseconds
    from {{ ref('int_triggers__ruled') }}
    where kind = 'absence'

),

matched as (

    select
        matches.rule_number,
        matches.user_key,
        matches.chain_key,
        matches.key_value,
        matches.event_key,
        matches.occurred_microseconds,
        case when matches.match_role = 'start' then 1 end as start_mark,
        rules.is_from_last,
        rules.after_microseconds
    from {{ ref('int_triggers__matched') }} as matches
    inner join rules
        on matches.rule_number = rules.rule_number
    where matches.match_role in ('start', 'stop')

),

-- an event that both ends and starts a wait ends the old one first
placed as (

    select
        *,
        occurred_microseconds + after_microseconds as due_microseconds,
        count(start_mark) over so_far as number,
        -- a start that no wait from before can reach arms the rule, whatever came before it
        is_from_last
        or lag(start_mark) over timeline is null
        or lag(occurred_microseconds) over timeline + after_microseconds
        < occurred_microseconds as is_sure,
        lead(occurred_microseconds) over timeline as next_event_microseconds,
        min(case when start_mark is null then occurred_microseconds end) over rest
            as next_stop_microseconds,
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
        ),
        rest as (
            partition by {{ chain }}
            order by occurred_microseconds, event_key, coalesce(start_mark, 0)
            rows between 1 following and unbounded following
        )

),

numbered as (

    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        number,
        is_sure,
        occurred_microseconds,
        due_microseconds,
        -- a stop ends the walk: the start after it is sure
        case
            when
                not is_from_last
                and (
                    next_stop_microseconds is null
                    or next_stop_microseconds > due_microseconds
                )
                then starts_at_end + 1
        end as next_number,
        case when is_from_last then next_event_microseconds else next_stop_microseconds end
            as next_end_microseconds
    from placed
    where start_mark = 1

),

{{ greedy_walk() }},

final as (

    -- what happens at the very end of the wait still happens in it. A wait that runs out in the
    -- future is here too: if nothing happens until then, it fires then, and if something does, the
    -- user is read again
    select
        numbered.rule_number,
        numbered.user_key,
        numbered.chain_key,
        numbered.key_value,
        numbered.event_key,
        numbered.due_microseconds as fired_microseconds,
        numbered.occurred_microseconds as window_started_microseconds
    from numbered
    left join walked
        on
            numbered.user_key = walked.user_key
            and numbered.chain_key = walked.chain_key
            and numbered.number = walked.number
    where
        (numbered.is_sure or walked.number is not null)
        and (
            numbered.next_end_microseconds is null
            or numbered.next_end_microseconds > numbered.due_microseconds
        )

)

select * from final
