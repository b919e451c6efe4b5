{{ config(materialized='view') }}

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
        needed_count,
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
        1 as needed_count,
        1 as match_count,
        due_microseconds as fired_microseconds,
        started_microseconds as window_started_microseconds
    from waited

),

named as (

    select
        *,
        {{ id_from_key('evidence_key') }} as event_id
    from evidence

),

final as (

    -- most rules ask for one event, and an event id is a hash that needs no escaping
    select
        rule_id,
        user_key,
        key_value,
        event_key,
        event_id,
        '["' || event_id || '"]' as evidence_event_ids,
        match_count,
        fired_microseconds,
        window_started_microseconds
    from named
    where needed_count = 1

    union all

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        max(case when evidence_key = event_key then event_id end) as event_id,
        {{ ordered_json_list('event_id', 'evidence_number') }} as evidence_event_ids,
        max(match_count) as match_count,
        max(fired_microseconds) as fired_microseconds,
        max(window_started_microseconds) as window_started_microseconds
    from named
    where needed_count > 1
    group by
        rule_id,
        user_key,
        key_value,
        event_key

)

select * from final
