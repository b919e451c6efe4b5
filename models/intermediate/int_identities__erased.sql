with

erasures as (

    select * from {{ ref('stg_crm__erasures') }}
    where unusable_reason is null

),

customers as (

    select * from {{ ref('stg_crm__customers') }}
    where unusable_reason is null

),

requested as (

    select
        identifier_kind,
        identifier_value,
        requested_at
    from erasures

),

-- a request names one identifier; the customer record tells the person's others
named_customers as (

    select
        customers.customer_id,
        customers.login,
        customers.email_hash,
        customers.phone_hash,
        requested.requested_at
    from customers
    inner join requested
        on
            (
                requested.identifier_kind = 'email'
                and customers.email_hash = requested.identifier_value
            )
            or (
                requested.identifier_kind = 'phone'
                and customers.phone_hash = requested.identifier_value
            )
            or (
                requested.identifier_kind = 'customer'
                and customers.customer_id = requested.identifier_value
            )
            or (
                requested.identifier_kind = 'login' and customers.login = requested.identifier_value
            )

),

spread as (

    select
        identifier_kind,
        identifier_value,
        requested_at
    from requested
    union all
    select
        'customer' as identifier_kind,
        customer_id as identifier_value,
        requested_at
    from named_customers
    union all
    select
        'login' as identifier_kind,
        login as identifier_value,
        requested_at
    from named_customers
    union all
    select
        'email' as identifier_kind,
        email_hash as identifier_value,
        requested_at
    from named_customers
    union all
    select
        'phone' as identifier_kind,
        phone_hash as identifier_value,
        requested_at
    from named_customers

),

final as (

    select
        identifier_kind,
        identifier_value,
        min(requested_at) as requested_at
    from spread
    where identifier_value is not null
    group by identifier_kind, identifier_value

)

select * from final
