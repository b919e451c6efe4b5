with

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

visits as (

    select * from {{ ref('int_users__visited') }}

),

customers as (

    select * from {{ ref('int_customers__versioned') }}
    where is_newest

),

identified as (

    select
        user_key,
        {{ dbt.any_value('user_id') }} as user_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        count(*) as identifier_count,
        count(case when identifier_kind in ('login', 'customer', 'email', 'phone') then 1 end)
        > 0 as is_known,
        count(case when is_suspect then 1 end) > 0 as is_suspect
    from identities
    group by user_key

),

customer_users as (

    select
        identities.user_id,
        customers.customer_id,
        customers.gender,
        customers.country,
        customers.city,
        customers.plan,
        customers.satisfaction_score,
        customers.birth_date,
        customers.signed_up_at,
        row_number() over (
            partition by identities.user_id
            order by customers.updated_at desc nulls last, customers.customer_id asc
        ) as record_number
    from customers
    inner join identities
        on
            identities.identifier_kind = case
                when customers.customer_id is not null then 'customer'
                when customers.login is not null then 'login'
                when customers.email_hash is not null then 'email'
                else 'phone'
            end
            and identities.identifier_value
            = coalesce(
                customers.customer_id, customers.login, customers.email_hash, customers.phone_hash
            )

),

final as (

    select
        identified.user_id,
        identified.user_key,
        visits.first_session_key,
        customer_users.customer_id,
        coalesce(visits.acquisition_channel, 'Unknown') as acquisition_channel,
        coalesce(customer_users.country, visits.country) as country,
        visits.device,
        customer_users.gender,
        customer_users.city,
        customer_users.plan,
        customer_users.satisfaction_score,
        customer_users.birth_date,
        identified.identifier_count,
        identified.is_known,
        identified.is_suspect,
        customer_users.signed_up_at,
        identified.first_seen_at,
        identified.last_seen_at
    from identified
    left join visits
        on identified.user_key = visits.user_key
    left join customer_users
        on
            identified.user_id = customer_users.user_id
            and customer_users.record_number = 1

)

select * from final
