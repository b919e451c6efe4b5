with

users as (

    select * from {{ ref('seg_fit_sample') }}

),

items as (

    select * from {{ ref('int_users__items') }}
    where period = 'current'

),

final as (

    select
        items.user_id,
        items.item_kind,
        items.item,
        sum(items.item_count) as item_count
    from items
    inner join users
        on items.user_id = users.user_id
    group by items.user_id, items.item_kind, items.item

)

select * from final
