with

trigger_firings as (

    select * from {{ ref('fct_trigger_firings') }}
    where suppressed_reason is null

),

final as (

    select
        firing_id,
        rule_id,
        user_id,
        key_value,
        fired_at,
        expires_at,
        is_active
    from trigger_firings

)

select * from final
