with

lines as (

    select * from {{ ref('int_order_lines__collected') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

erased_customers as (

    select identifier_value from {{ ref('int_identities__erased') }}
    where identifier_kind = 'customer'

),

-- two equal lines of one delivery are two; the n-th such line tells them apart
numbered as (

    select
        lines.*,
        case
            when lines.unusable_reason is not null then lines.unusable_reason
            when erased_customers.identifier_value is not null then 'erased'
        end as early_outcome,
        row_number() over (
            partition by
                lines.batch,
                lines.order_id,
                lines.line_id,
                lines.product_id,
                lines.quantity,
                lines.unit_price
            order by lines.payload_hash, lines.source_line
        ) as equal_line_number
    from lines
    cross join clock
    left join erased_customers
        on lines.customer_id = erased_customers.identifier_value
    where
        lines.unusable_reason is not null
        or lines.ordered_at is null
        or lines.ordered_at <= clock.as_of

),

keyed as (

    select
        *,
        case
            when line_id is not null then {{ surrogate_key(["order_id", "line_id"]) }}
            else {{ surrogate_key([
                "order_id", "product_id", "quantity", "unit_price", "equal_line_number"
            ]) }}
        end as order_line_id
    from numbered

),

ranked as (

    select
        *,
        row_number() over (
            partition by early_outcome, order_line_id
            order by
                -- a cancelled or refunded line stays so, whichever delivery comes last
                is_cancelled desc,
                refunded_quantity desc,
                filled_count desc,
                payload_hash asc,
                loaded_at asc,
                batch asc,
                source_line asc
        ) as copy_number
    from keyed

),

final as (

    select
        order_line_id,
        order_id,
        customer_id,
        product_id,
        batch,
        source_line,
        category,
        currency,
        quantity,
        unit_price,
        amount,
        discount_amount,
        is_cancelled,
        -- what was paid for the units that come back: their part of the discount was not
        case
            when is_cancelled then amount - coalesce(discount_amount, 0)
            when quantity > 0
                then cast(
                    (amount - coalesce(discount_amount, 0)) * least(refunded_quantity, quantity) / quantity
                    as decimal(18, 4)
                )
            else cast(0 as decimal(18, 4))
        end as refunded_amount,
        case
            when early_outcome is not null then early_outcome
            when copy_number > 1 then 'duplicate'
            else 'kept'
        end as outcome,
        -- a line without time and without a header was ordered when it came
        coalesce(ordered_at, loaded_at) as ordered_at,
        loaded_at
    from ranked

)

select * from final
