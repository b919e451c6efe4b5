with

source as (

    select * from {{ source('ga4', 'events') }}

),

unfolded as (

    select
        cast(batch as bigint) as batch,
        source_line,
        {{ ga4_parameter('currency') }} as given_currency,
        {{ unnest_numbered('items') }} as entry
    from source

),

final as (

    select
        batch,
        source_line,
        cast(entry['number'] as integer) as item_number,
        nullif(entry['value']['item_id'], '') as product_id,
        nullif(nullif(entry['value']['item_category'], ''), '(not set)') as category,
        entry['value']['quantity'] as quantity,
        case
            when given_currency is null
                then coalesce(entry['value']['price_in_usd'], entry['value']['price'])
            else entry['value']['price']
        end as price,
        case
            when given_currency is null
                then coalesce(
                    entry['value']['item_revenue_in_usd'], entry['value']['item_revenue']
                )
            else entry['value']['item_revenue']
        end as revenue
    from unfolded

)

select * from final
