with

users as (

    select * from {{ ref('int_users__known') }}

),

features as (

    select * from {{ ref('int_users__current') }}

),

user_consents as (

    select * from {{ ref('int_users__consented') }}

),

final as (

    select
        -- ids
        users.user_id,
        users.customer_id,

        -- text
        case when users.is_known then 'known' else 'anonymous' end as kind,
        users.acquisition_channel,
        users.country,
        users.device,
        users.gender,
        coalesce(users.gender, 'Unknown') as gender_cleaned,
        users.city,
        users.plan,
        coalesce(users.plan, 'Unknown') as plan_cleaned,
        coalesce(user_consents.analytics_consent, 'unknown') as analytics_consent,
        coalesce(user_consents.marketing_consent, 'unknown') as marketing_consent,
        case
            when
                features.lifetime_order_count = 0 and features.lifetime_event_count = 0
                then 'registered'
            when features.lifetime_order_count = 0 and features.recency_days <= 30 then 'prospect'
            when features.lifetime_order_count = 0 then 'lapsed prospect'
            when features.order_recency_days > 90 then 'lapsed customer'
            when features.lifetime_order_count = 1 then 'new customer'
            else 'repeat customer'
        end as lifecycle_stage,

        -- numbers
        users.satisfaction_score,
        -- the scale runs from 0 to 10; anything else was mistyped
        case
            when users.satisfaction_score between 0 and 10 then users.satisfaction_score
        end as satisfaction_score_cleaned,
        {{ days_between('cast(users.birth_date as timestamp)', 'features.as_of') }}
        / 365.25 as age_years,
        case
            when
                {{ days_between('cast(users.birth_date as timestamp)', 'features.as_of') }} / 365.25
                between 13 and 110
                then
                    {{ days_between('cast(users.birth_date as timestamp)', 'features.as_of') }}
                    / 365.25
        end as age_years_cleaned,
        users.identifier_count,
        features.lifetime_event_count,
        features.lifetime_order_count,

        -- booleans
        features.is_cold_start,
        users.is_suspect,

        -- times
        users.birth_date,
        users.signed_up_at,
        users.first_seen_at,
        users.last_seen_at
    from users
    inner join features
        on users.user_id = features.user_id
    left join user_consents
        on users.user_id = user_consents.user_id

)

select * from final
