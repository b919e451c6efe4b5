{{ config(tags=['weekly']) }}

with

matched as (

    select * from {{ ref('seg_personas__matched') }}

),

persona_rules as (

    select
        rule_id,
        max(persona_id) as persona_id
    from {{ ref('persona_rules') }}
    group by rule_id

),

trigger_rules as (

    select * from {{ ref('trigger_rules') }}

),

firings as (

    select * from {{ ref('fct_trigger_firings') }}

),

-- where a rule holds and does not decide, this one does
lost as (

    select
        losers.rule_id,
        winners.rule_id as winner_rule_id,
        count(*) as user_count
    from matched as losers
    inner join matched as winners
        on
            losers.user_id = winners.user_id
            and winners.match_rank = 1
    where losers.match_rank > 1
    group by losers.rule_id, winners.rule_id

),

ranked as (

    select
        rule_id,
        winner_rule_id,
        row_number() over (
            partition by rule_id
            order by user_count desc, winner_rule_id asc
        ) as place
    from lost

),

persona_sums as (

    select
        rule_id,
        count(*) as user_count,
        count(case when match_rank = 1 then 1 end) as decided_count
    from matched
    group by rule_id

),

trigger_sums as (

    select
        rule_id,
        count(distinct user_id) as user_count,
        count(case when suppressed_reason is null then 1 end) as decided_count,
        max(case when suppressed_reason is null then fired_at end) as last_fired_at
    from firings
    group by rule_id

),

used as (

    select
        'persona' as rule_kind,
        persona_rules.rule_id,
        persona_rules.persona_id,
        coalesce(persona_sums.user_count, 0) as user_count,
        coalesce(persona_sums.decided_count, 0) as decided_count,
        ranked.winner_rule_id as shadowed_by,
        cast(null as timestamp) as last_fired_at
    from persona_rules
    left join persona_sums
        on persona_rules.rule_id = persona_sums.rule_id
    left join ranked
        on
            persona_rules.rule_id = ranked.rule_id
            and ranked.place = 1

    union all

    select
        'trigger' as rule_kind,
        trigger_rules.rule_id,
        trigger_rules.persona_id,
        coalesce(trigger_sums.user_count, 0) as user_count,
        coalesce(trigger_sums.decided_count, 0) as decided_count,
        cast(null as varchar) as shadowed_by,
        trigger_sums.last_fired_at
    from trigger_rules
    left join trigger_sums
        on trigger_rules.rule_id = trigger_sums.rule_id

),

final as (

    select
        {{ surrogate_key(['rule_kind', 'rule_id']) }} as rule_usage_id,
        rule_id,
        persona_id,
        shadowed_by,
        rule_kind,
        case
            when user_count = 0 then 'unmatched'
            when decided_count = 0 then 'shadowed'
            else 'used'
        end as status,
        cast(user_count as bigint) as user_count,
        cast(decided_count as bigint) as decided_count,
        last_fired_at
    from used

)

select * from final
