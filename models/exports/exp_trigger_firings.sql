with

trigger_firings as (

    select * from {{ ref('fct_trigger_firings') }}
    where suppressed_reason is null

),

users as (

    select * from {{ ref('dim_users') }}
    where analytics_consent <> 'denied'

),

final as (

    select
        trigger_firings.firing_id,
        trigger_firings.rule_id,
        trigger_firings.user_id,
        trigger_firings.key_value,
        trigger_firings.fired_at,
        trigger_firings.expires_at,
        trigger_firings.is_active
    from trigger_firings
    inner join users
        on trigger_firings.user_id = users.user_id

)

select * from final
