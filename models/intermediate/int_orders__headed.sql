with

orders as (

    select * from {{ ref('int_orders__collected') }}
    where unusable_reason is null

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

erased as (

    select * from {{ ref('int_identities__erased') }}

),

erased_orders as (

    select distinct  -- an order may name its person twice
        orders.batch,
        orders.source_line
    from orders
    inner join erased
        on
            (erased.identifier_kind = 'customer' and orders.customer_id = erased.identifier_value)
            or (erased.identifier_kind = 'login' and orders.login = erased.identifier_value)
            or (erased.identifier_kind = 'email' and orders.email_hash = erased.identifier_value)

),

known as (

    -- a state of the order that came later than the moment is not known yet
    select
        orders.*,
        row_number() over (
            partition by orders.order_id
            order by orders.updated_at desc, orders.filled_count desc, orders.payload_hash asc
        ) as state_number
    from orders
    cross join clock
    left join erased_orders
        on
            orders.batch = erased_orders.batch
            and orders.source_line = erased_orders.source_line
    where
        orders.ordered_at <= clock.as_of
        and {{ known_at('orders.updated_at', 'clock.as_of') }}
        and erased_orders.batch is null

),

final as (

    select
        order_id,
        refunds_order_id,
        customer_id,
        login,
        email_hash,
        status,
        currency,
        coalesce(discount_amount, 0) as discount_amount,
        coalesce(refunded_amount, 0) as refunded_amount,
        coalesce(gross_amount, 0) as gross_amount,
        ordered_at,
        updated_at,
        loaded_at
    from known
    where state_number = 1

)

select * from final
