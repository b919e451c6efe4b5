with

cuts as (

    select
        cut_at,
        cast(cut_date as timestamp) as begins_at
    from {{ ref('int_time__cuts') }}

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
        on
            items.occurred_at > cuts.begins_at
            and items.occurred_at <= cuts.cut_at
    where
        items.category is not null
        and items.is_counted
        and items.user_id is not null
    group by items.user_id, items.category, cuts.cut_at

)

select * from final
