with

source as (

    select * from {{ source('crm', 'order_lines') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        nullif(upper(trim(order_id)), '') as order_id,
        nullif(trim(line_id), '') as line_id,
        nullif(trim(customer_id), '') as customer_id,
        nullif(trim(product_id), '') as product_id,

        -- text
        nullif(trim(category), '') as category,
        upper(trim(currency)) as currency,

        -- numbers
        quantity,
        unit_price,
        cast(coalesce(discount_amount, 0) as decimal(18, 4)) as discount_amount,
        coalesce(refunded_quantity, 0) as refunded_quantity,
        -- a line without quantity or price brings no money
        cast(coalesce(quantity * unit_price, 0) as decimal(18, 4)) as amount,
        filled_count,
        payload_hash,

        -- booleans
        coalesce(is_cancelled, false) as is_cancelled,

        -- times
        ordered_at,
        loaded_at,
        {{ unusable_reason(
            "nullif(trim(order_id), '')", 'coalesce(ordered_at, loaded_at)', 'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
