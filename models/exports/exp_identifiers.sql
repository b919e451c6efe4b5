with

identities as (

    select * from {{ ref('dim_identities') }}
    where identifier_kind in ('login', 'anonymous')

),

-- asked here and not of dim_users: logins and devices need not wait for features
refused as (

    select user_id from {{ ref('int_users__consented') }}
    where analytics_consent = 'denied'

),

final as (

    select
        identities.identifier_kind,
        identities.identifier_value,
        identities.user_id
    from identities
    left join refused
        on identities.user_id = refused.user_id
    where refused.user_id is null

)

select * from final
