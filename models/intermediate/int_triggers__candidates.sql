with

counted as (

    select * from {{ ref('int_triggers__counted') }}

),

waited as (

    select * from {{ ref('int_triggers__waited') }}

),

gathered as (

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        match_count,
        evidence_event_ids,
        fired_microseconds,
        window_started_microseconds
    from counted

    union all

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        1 as match_count,
        {{ ordered_json_list('event_id', 'event_id') }} as evidence_event_ids,
        fired_microseconds,
        started_microseconds as window_started_microseconds
    from waited
    group by
        rule_id,
        user_id,
        key_value,
        event_id,
        fired_microseconds,
        started_microseconds

),

final as (

    select
        rule_id,
        user_id,
        key_value,
        event_id,
        evidence_event_ids,
        match_count,
        row_number() over (
            partition by rule_id, user_id, key_value
            order by fired_microseconds, event_id
        ) as candidate_number,
        fired_microseconds,
        window_started_microseconds
    from gathered

)

select * from final
