with

customers as (

    select * from {{ ref('int_customers__collected') }}
    where unusable_reason is null

),

erased as (

    select * from {{ ref('int_identities__erased') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

erased_customers as (

    select distinct  -- a person may be named by several requests
        customers.batch,
        customers.source_line
    from customers
    inner join erased
        on
            (
                erased.identifier_kind = 'customer'
                and customers.customer_id = erased.identifier_value
            )
            or (erased.identifier_kind = 'login' and customers.login = erased.identifier_value)
            or (erased.identifier_kind = 'email' and customers.email_hash = erased.identifier_value)
            or (erased.identifier_kind = 'phone' and customers.phone_hash = erased.identifier_value)

),

numbered as (

    select
        customers.*,
        erased_customers.batch is not null as is_erased,
        row_number() over (
            partition by
                erased_customers.batch is not null,
                customers.customer_id,
                customers.login,
                customers.payload_hash
            order by customers.loaded_at, customers.batch, customers.source_line
        ) as copy_number
    from customers
    cross join clock
    left join erased_customers
        on
            customers.batch = erased_customers.batch
            and customers.source_line = erased_customers.source_line
    where
        customers.updated_at is null
        or {{ known_at('customers.updated_at', 'clock.as_of') }}

),

final as (

    select
        customer_id,
        login,
        email_hash,
        phone_hash,
        batch,
        source_line,
        gender,
        country,
        city,
        plan,
        satisfaction_score,
        birth_date,
        signed_up_at,
        updated_at,
        loaded_at,
        -- states differ in content; the newest holds, equal moments are told apart by content
        row_number() over (
            partition by coalesce(customer_id, login, email_hash, phone_hash)
            order by updated_at desc nulls last, filled_count desc, payload_hash asc
        ) = 1 as is_newest
    from numbered
    where
        copy_number = 1
        and not is_erased

)

select * from final
