{{ config(materialized='view') }}

-- models read this only for the items that they have learned, so nothing is grouped here:
-- with no such item the tables below are not even opened
with

edges as (

    select
        period,
        as_of,
        {{ add_seconds('as_of', -86400 * 365) }} as path_from_at,
        {{ first_day_after_edge('period', 'as_of') }} as whole_until_date
    from {{ ref('int_time__moments') }}

),

category_days as (

    select * from {{ ref('int_user_category_days') }}
    where category is not null

),

sessions as (

    select
        user_id,
        started_at,
        case
            -- a path that was cut short ends in a piece of a step, and not in an exit
            when length(path_signature) < 400 then path_signature || '>(exit)'
            else path_signature
        end as path
    from {{ ref('int_sessions__summarized') }}
    where
        is_counted
        and user_id is not null
        and path_signature is not null

),

session_steps as (

    select
        user_id,
        started_at,
        {{ unnest_steps('path', '>') }} as step
    from sessions

),

final as (

    select
        category_days.user_id,
        edges.period,
        edges.as_of,
        'category' as item_kind,
        category_days.category as item,
        category_days.item_count_to_date as item_count
    from category_days
    inner join edges
        on
            (edges.period = 'current' and category_days.next_active_date is null)
            or (
                edges.period = 'week'
                and category_days.active_date < edges.whole_until_date
                and (
                    category_days.next_active_date is null
                    or category_days.next_active_date >= edges.whole_until_date
                )
            )

    union all

    select
        session_steps.user_id,
        edges.period,
        edges.as_of,
        'step' as item_kind,
        session_steps.step as item,
        cast(1 as bigint) as item_count
    from session_steps
    inner join edges
        on
            session_steps.started_at <= edges.as_of
            and session_steps.started_at > edges.path_from_at

)

select * from final
