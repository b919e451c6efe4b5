with

cuts as (

    select * from {{ ref('int_time__cuts') }}

),

final as (

    select
        items.user_id,
        items.category,
        cuts.cut_at,
        {{ text_number('items.user_id') }} as user_key,
        count(*) as item_count
    from {{ ref('int_events__items') }} as items
    inner join cuts
        on cast({{ add_seconds('items.occurred_at', '-0.000001') }} as date) = cuts.cut_date
    where
        items.category is not null
        and items.is_counted
        and items.user_id is not null
        and items.occurred_at <= cuts.cut_at
    group by items.user_id, items.category, cuts.cut_at

)

select * from final
