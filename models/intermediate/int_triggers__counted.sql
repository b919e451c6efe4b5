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
        count(*) over (partition by rule_id, user_id, key_value) as lifetime_count
    from {{ ref('int_triggers__matched') }}
    where match_role = 'match'

),

-- who never has enough matches in all is out before the costly part
matches as (

    select
        matched.rule_id,
        matched.user_id,
        matched.key_value,
        matched.event_id,
        matched.occurred_microseconds,
        rules.within_microseconds
    from matched
    inner join rules
        on
            matched.rule_id = rules.rule_id
            and matched.lifetime_count >= rules.needed_count

),

-- a probe marks where the window of a match opens. It stands before the matches of its
-- instant, so these lie inside. A join on a range would cost the square of a long history.
moments as (

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        1 as is_match,
        occurred_microseconds as moment
    from matches

    union all

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        0 as is_match,
        occurred_microseconds - within_microseconds as moment
    from matches

),

numbered as (

    select
        *,
        sum(is_match) over timeline as matches_so_far,
        min(case when is_match = 1 then moment end) over (
            partition by rule_id, user_id, key_value
            order by moment, is_match, event_id
            rows between current row and unbounded following
        ) as next_match_moment
    from moments
    window timeline as (
        partition by rule_id, user_id, key_value
        order by moment, is_match, event_id
        rows between unbounded preceding and current row
    )

),

windows as (

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        cast(max(case when is_match = 1 then matches_so_far end) as bigint) as match_number,
        cast(max(case when is_match = 0 then matches_so_far end) as bigint) as earlier_count,
        max(case when is_match = 1 then moment end) as occurred_microseconds,
        max(case when is_match = 0 then next_match_moment end) as window_started_microseconds
    from numbered
    group by rule_id, user_id, key_value, event_id

),

candidates as (

    select
        windows.*,
        windows.match_number - windows.earlier_count as match_count
    from windows
    inner join rules
        on
            windows.rule_id = rules.rule_id
            and windows.match_number - windows.earlier_count >= rules.needed_count

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
        candidates.user_id,
        candidates.key_value,
        candidates.event_id,
        candidates.match_count,
        candidates.occurred_microseconds as fired_microseconds,
        candidates.window_started_microseconds,
        {{ ordered_json_list('evidence.event_id', 'evidence.match_number') }}
            as evidence_event_ids
    from candidates
    inner join steps
        on candidates.rule_id = steps.rule_id
    inner join windows as evidence
        on
            candidates.rule_id = evidence.rule_id
            and candidates.user_id = evidence.user_id
            and candidates.key_value = evidence.key_value
            and candidates.match_number - steps.step = evidence.match_number
    group by
        candidates.rule_id,
        candidates.user_id,
        candidates.key_value,
        candidates.event_id,
        candidates.match_count,
        candidates.occurred_microseconds,
        candidates.window_started_microseconds

)

select * from final
