{{ config(materialized='view') }}

with

users as (

    select * from {{ ref('seg_users__situated') }}

),

decided as (

    select * from {{ ref('seg_situations__decided') }}

),

placements as (

    select * from {{ ref('placements') }}

),

shadowed as (

    select * from {{ ref('seg_users__shadowed') }}

),

-- one row, whatever there is
champion as (

    select max(model_version) as model_version
    from {{ ref('seg_models') }}
    where is_champion

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

final as (

    select
        -- ids
        {{ surrogate_key(['users.user_id', 'decided.placement_id']) }} as decision_id,
        users.user_id,
        decided.placement_id,
        decided.variant_id,
        coalesce(shadowed.persona_id, users.persona_id) as persona_id,
        case
            when decided.reason = 'trigger' then decided.rule_id
            when decided.reason = 'persona'
                then coalesce(shadowed.persona_rule_id, users.persona_rule_id)
        end as rule_id,
        coalesce(shadowed.segment_id, users.segment_id) as segment_id,
        coalesce(shadowed.model_version, champion.model_version) as model_version,
        decided.experiment_id,
        shadowed.shadow_id,

        -- text
        placements.channel,
        decided.arm,
        decided.segmented_by,
        decided.content_key,
        firings.key_value,
        decided.reason,
        decided.lost_candidates,
        users.analytics_consent,
        users.marketing_consent,

        -- numbers
        coalesce(shadowed.margin, users.margin) as margin,

        -- booleans
        decided.is_holdout,

        -- times
        users.as_of as decided_at,
        case
            when firings.expires_at < decided.valid_until then firings.expires_at
            else decided.valid_until
        end as valid_until
    from users
    inner join decided
        on users.situation_key = decided.situation_key
    inner join placements
        on decided.placement_id = placements.placement_id
    cross join champion
    left join shadowed
        on
            users.user_id = shadowed.user_id
            and decided.experiment_id = shadowed.experiment_id
    left join firings
        on
            users.user_id = firings.user_id
            and decided.rule_id = firings.rule_id
            and decided.reason = 'trigger'

)

select * from final
