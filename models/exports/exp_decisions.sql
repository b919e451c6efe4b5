with

decisions as (

    select * from {{ ref('fct_decisions') }}
    where
        analytics_consent <> 'denied'
        and (channel = 'on_site' or marketing_consent = 'granted')

),

final as (

    select
        decision_id,
        user_id,
        placement_id,
        variant_id,
        content_key,
        key_value,
        persona_id,
        rule_id,
        experiment_id,
        arm,
        reason,
        is_holdout,
        decided_at,
        valid_until
    from decisions

)

select * from final
