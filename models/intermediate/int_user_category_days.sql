with

events as (

    select * from {{ ref('int_events__resolved') }}
    where
        is_counted
        and user_id is not null

),

items as (

    select * from {{ ref('int_events__items') }}
    where category is not null

),

cuts as (

    select * from {{ ref('int_time__cuts') }}

),

dated as (

    select
        events.user_id,
        items.category,
        events.occurred_at,
        cast({{ add_seconds('events.occurred_at', '-0.000001') }} as date) as active_date
    from events
    inner join items
        on events.event_id = items.event_id

),

final as (

    select
        dated.user_id,
        dated.category,
        {{ slice_end('dated.occurred_at', 'dated.active_date', 'cuts.cut_at') }} as slice_end_at,
        count(*) as item_count
    from dated
    left join cuts
        on dated.active_date = cuts.cut_date
    group by
        dated.user_id,
        dated.category,
        {{ slice_end('dated.occurred_at', 'dated.active_date', 'cuts.cut_at') }}

)

select * from final
