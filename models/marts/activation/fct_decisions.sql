{{ config(materialized='view') }}
{% set decided = [
    'placement_id', 'variant_id', 'persona_id', 'model_version', 'experiment_id', 'shadow_id', 'arm',
    'segmented_by', 'content_key', 'reason', 'lost_candidates', 'is_holdout', 'valid_until',
] %}

with

placements as (

    select * from {{ ref('placements') }}

),

firings as (

    select
        user_id,
        rule_id,
        -- of several products the one that stays longest
        {{ nth_by('key_value', ['-' ~ epoch_microseconds('expires_at'), 'key_value'], 1) }}
            as key_value,
        max(expires_at) as expires_at
    from {{ ref('fct_trigger_firings') }}
    where is_active
    group by user_id, rule_id

),

-- who is in the arm of a shadow comes apart: in one join with them, everybody is planned as few.
-- Tables are named twice, for a query that is read twice is kept in memory
segmented as (

    select
        users.user_id,
        users.persona_rule_id,
        users.segment_id,
        users.margin,
        users.analytics_consent,
        users.marketing_consent,
        users.as_of,
        {% for column in decided -%}
            decided.{{ column }},
        {% endfor -%}
        decided.rule_id as trigger_rule_id
    from {{ ref('seg_users__situated') }} as users
    inner join {{ ref('seg_situations__decided') }} as decided
        on users.situation_key = decided.situation_key
    where decided.segmented_by <> 'shadow'

    union all

    select
        users.user_id,
        shadowed.persona_rule_id,
        shadowed.segment_id,
        shadowed.margin,
        users.analytics_consent,
        users.marketing_consent,
        users.as_of,
        {% for column in decided -%}
            decided.{{ column }},
        {% endfor -%}
        decided.rule_id as trigger_rule_id
    from {{ ref('seg_users__situated') }} as users
    inner join {{ ref('seg_situations__decided') }} as decided
        on users.situation_key = decided.situation_key
    inner join {{ ref('seg_users__shadowed') }} as shadowed
        on
            users.user_id = shadowed.user_id
            and decided.experiment_id = shadowed.experiment_id
    where decided.segmented_by = 'shadow'

),

final as (

    select
        -- ids
        {{ surrogate_key(['segmented.user_id', 'segmented.placement_id']) }} as decision_id,
        segmented.user_id,
        segmented.placement_id,
        segmented.variant_id,
        segmented.persona_id,
        case
            when segmented.reason = 'trigger' then segmented.trigger_rule_id
            when segmented.reason = 'persona' then segmented.persona_rule_id
        end as rule_id,
        segmented.segment_id,
        segmented.model_version,
        segmented.experiment_id,
        segmented.shadow_id,

        -- text
        placements.channel,
        segmented.arm,
        segmented.segmented_by,
        segmented.content_key,
        firings.key_value,
        segmented.reason,
        segmented.lost_candidates,
        segmented.analytics_consent,
        segmented.marketing_consent,

        -- numbers
        segmented.margin,

        -- booleans
        segmented.is_holdout,

        -- times
        segmented.as_of as decided_at,
        case
            when firings.expires_at < segmented.valid_until then firings.expires_at
            else segmented.valid_until
        end as valid_until
    from segmented
    inner join placements
        on segmented.placement_id = placements.placement_id
    left join firings
        on
            segmented.user_id = firings.user_id
            and segmented.trigger_rule_id = firings.rule_id
            and segmented.reason = 'trigger'

)

select * from final
