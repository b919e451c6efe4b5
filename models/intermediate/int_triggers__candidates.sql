{% set chain = 'rule_id, user_key, key_value' %}

with

counted as (

    select * from {{ ref('int_triggers__counted') }}

),

-- what happens at the very end of the wait still happens in it. A wait that runs out in the
-- future is here too: if nothing happens until then, it fires then, and if something does, the
-- user is read again
waited as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        started_microseconds,
        due_microseconds
    from {{ ref('int_triggers__armed') }}
    where
        next_end_microseconds is null
        or next_end_microseconds > due_microseconds

),

evidence as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        evidence_key,
        evidence_number,
        match_count,
        fired_microseconds,
        window_started_microseconds
    from counted

    union all

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        event_key as evidence_key,
        1 as evidence_number,
        1 as match_count,
        due_microseconds as fired_microseconds,
        started_microseconds as window_started_microseconds
    from waited

),

events as (

    select
        event_key,
        event_id
    from {{ ref('int_events__enriched') }}
    where event_key in (select evidence.evidence_key from evidence)

),

gathered as (

    select
        evidence.rule_id,
        evidence.user_key,
        evidence.key_value,
        evidence.event_key,
        max(case when evidence.evidence_key = evidence.event_key then events.event_id end)
            as event_id,
        {{ ordered_json_list('events.event_id', 'evidence.evidence_number') }}
            as evidence_event_ids,
        max(evidence.match_count) as match_count,
        evidence.fired_microseconds,
        max(evidence.window_started_microseconds) as window_started_microseconds
    from evidence
    inner join events
        on evidence.evidence_key = events.event_key
    group by
        evidence.rule_id,
        evidence.user_key,
        evidence.key_value,
        evidence.event_key,
        evidence.fired_microseconds

),

final as (

    select
        rule_id,
        user_key,
        key_value,
        event_id,
        evidence_event_ids,
        match_count,
        row_number() over (
            partition by {{ chain }}
            order by fired_microseconds, event_key
        ) as candidate_number,
        fired_microseconds,
        window_started_microseconds
    from gathered

)

select * from final
