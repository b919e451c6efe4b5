{{ config(materialized='view') }}

with

walked as (

    select * from {{ ref('int_triggers__walked') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

rules as (

    select * from {{ ref('trigger_rules') }}

),

final as (

    select
        -- ids
        walked.firing_id,
        walked.rule_id,
        walked.user_id,
        nullif(walked.key_value, '') as key_value,
        rules.persona_id,

        -- text
        rules.trigger_name,
        rules.key_kind,
        rules.action,
        walked.evidence_event_ids,
        walked.suppressed_reason,
        'batch' as engine,

        -- numbers
        cast(walked.match_count as bigint) as match_count,

        -- booleans
        walked.suppressed_reason is null and walked.expires_at > clock.as_of as is_active,
        walked.is_ended_early,

        -- times
        walked.fired_at,
        walked.window_started_at,
        walked.expires_at
    from walked
    cross join clock
    inner join rules
        on walked.rule_id = rules.rule_id
    -- what would fire if nothing happens until then has not fired yet
    where walked.fired_at <= clock.as_of

)

select * from final
