with

source as (

    select * from {{ source('crm', 'orders') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        nullif(upper(trim(order_id)), '') as order_id,
        nullif(upper(trim(refunds_order_id)), '') as refunds_order_id,
        nullif(trim(customer_id), '') as customer_id,
        nullif(trim(login), '') as login,
        email_hash,

        -- text
        lower(trim(status)) as status,
        upper(trim(currency)) as currency,

        -- numbers
        discount_amount,
        refunded_amount,
        gross_amount,
        filled_count,
        payload_hash,

        -- times
        ordered_at,
        coalesce(updated_at, ordered_at) as updated_at,
        loaded_at,
        {{ unusable_reason(
            "nullif(trim(order_id), '')", 'ordered_at', 'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
