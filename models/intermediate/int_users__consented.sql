with

consents as (

    select * from {{ ref('int_consents__resolved') }}
    where valid_to is null

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

final as (

    -- of several identifiers the strictest answer holds: 'denied' sorts before 'granted'
    select
        identities.user_id,
        min(consents.analytics) as analytics_consent,
        min(consents.marketing) as marketing_consent
    from consents
    inner join identities
        on
            consents.identifier_kind = identities.identifier_kind
            and consents.identifier_value = identities.identifier_value
    group by identities.user_id

)

select * from final
