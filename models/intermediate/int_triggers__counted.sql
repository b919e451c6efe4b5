{% set chain = 'rule_id, user_key, key_value' %}
with recursive

rules as (

    select
        rule_id,
        match_count as needed_count,
        {{ hours_in_microseconds('within_hours') }} as within_microseconds
    from {{ ref('trigger_rules') }}
    where kind = 'count'

),

matched as (

    select
        *,
        count(*) over (partition by {{ chain }}) as lifetime_count
    from {{ ref('int_triggers__matched') }}
    where match_role = 'match'

),

-- who never has enough matches in all is out before the costly part
matches as (

    select
        matched.rule_id,
        matched.user_key,
        matched.key_value,
        matched.event_key,
        matched.occurred_microseconds,
        rules.needed_count,
        rules.within_microseconds,
        rules.within_microseconds + 1 as beyond_microseconds
    from matched
    inner join rules
        on
            matched.rule_id = rules.rule_id
            and matched.lifetime_count >= rules.needed_count

),

windows as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        needed_count,
        occurred_microseconds,
        -- an event sees itself and the matches before it, ties by event id
        row_number() over (
            partition by {{ chain }}
            order by occurred_microseconds, event_key
        ) as match_number,
        -- what lies before the window opens; both ends of the window are in it
        count(*) over {{ range_window(
            chain, 'occurred_microseconds', 'unbounded preceding',
            'beyond_microseconds preceding'
        ) }} as earlier_count,
        min(occurred_microseconds) over {{ range_window(
            chain, 'occurred_microseconds', 'within_microseconds preceding', 'current row'
        ) }} as window_started_microseconds
    from matches

),

candidates as (

    select
        *,
        match_number - earlier_count as match_count
    from windows
    where match_number - earlier_count >= needed_count

),

steps as (

    select
        rule_id,
        needed_count,
        0 as step
    from rules

    union all

    select
        rule_id,
        needed_count,
        step + 1 as step
    from steps
    where step + 1 < needed_count

),

final as (

    -- evidence is the last n matches, those that were enough, so a row stays small
    select
        candidates.rule_id,
        candidates.user_key,
        candidates.key_value,
        candidates.event_key,
        evidence.event_key as evidence_key,
        evidence.match_number as evidence_number,
        candidates.needed_count,
        candidates.match_count,
        candidates.occurred_microseconds as fired_microseconds,
        candidates.window_started_microseconds
    from candidates
    inner join steps
        on candidates.rule_id = steps.rule_id
    inner join windows as evidence
        on
            candidates.rule_id = evidence.rule_id
            and candidates.user_key = evidence.user_key
            and candidates.key_value = evidence.key_value
            and candidates.match_number - steps.step = evidence.match_number

)

select * from final
