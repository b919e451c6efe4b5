with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

-- a machine acts on what counts and what is new; all that ever fired would grow for ever
trigger_firings as (

    select firings.*
    from {{ ref('fct_trigger_firings') }} as firings
    cross join clock
    where
        firings.suppressed_reason is null
        -- said apart, so that the rest is not read: what fired since expires since
        and firings.expires_at > {{ add_seconds('clock.as_of', '-30 * 86400') }}
        and (
            firings.is_active
            or firings.fired_at > {{ add_seconds('clock.as_of', '-30 * 86400') }}
        )

),

-- asked here and not of dim_users: firings need not wait for features
refused as (

    select user_id from {{ ref('int_users__consented') }}
    where analytics_consent = 'denied'

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
    left join refused
        on trigger_firings.user_id = refused.user_id
    where refused.user_id is null

)

select * from final
