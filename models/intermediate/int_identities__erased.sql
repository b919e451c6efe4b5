with

erasures as (

    select * from {{ ref('int_erasures__collected') }}
    where unusable_reason is null

),

customers as (

    select * from {{ ref('int_customers__collected') }}
    where unusable_reason is null

),

requested as (

    select
        identifier_kind,
        identifier_value,
        requested_at,
        run_number
    from erasures

),

-- a request names one identifier; the customer record tells the person's others
named_customers as (

    select
        customers.customer_id,
        customers.login,
        customers.email_hash,
        customers.phone_hash,
        requested.requested_at,
        greatest(customers.run_number, requested.run_number) as run_number
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
        requested_at,
        run_number
    from requested
    union all
    select
        'customer' as identifier_kind,
        customer_id as identifier_value,
        requested_at,
        run_number
    from named_customers
    union all
    select
        'login' as identifier_kind,
        login as identifier_value,
        requested_at,
        run_number
    from named_customers
    union all
    select
        'email' as identifier_kind,
        email_hash as identifier_value,
        requested_at,
        run_number
    from named_customers
    union all
    select
        'phone' as identifier_kind,
        phone_hash as identifier_value,
        requested_at,
        run_number
    from named_customers

),

final as (

    select
        identifier_kind,
        identifier_value,
        min(requested_at) as requested_at,
        -- the run in which it became known
        min(run_number) as run_number
    from spread
    where identifier_value is not null
    group by identifier_kind, identifier_value

)

select * from final
