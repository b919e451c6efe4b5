with

identities as (

    select * from {{ ref('dim_identities') }}
    where identifier_kind in ('login', 'anonymous')

),

users as (

    select * from {{ ref('dim_users') }}
    where analytics_consent <> 'denied'

),

final as (

    select
        identities.identifier_kind,
        identities.identifier_value,
        identities.user_id
    from identities
    inner join users
        on identities.user_id = users.user_id

)

select * from final
