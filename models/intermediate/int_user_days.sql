with

events as (

    select * from {{ ref('int_events__resolved') }}
    where
        is_counted
        and is_visit
        and user_id is not null

),

sessions as (

    select * from {{ ref('int_sessions__summarized') }}
    where
        is_counted
        and user_id is not null

),

orders as (

    select * from {{ ref('int_orders__resolved') }}
    where user_id is not null

),

cuts as (

    select * from {{ ref('int_time__cuts') }}

),

dated_events as (

    select
        *,
        cast({{ add_seconds('occurred_at', '-0.000001') }} as date) as active_date
    from events

),

dated_sessions as (

    select
        *,
        cast({{ add_seconds('started_at', '-0.000001') }} as date) as active_date
    from sessions

),

dated_orders as (

    select
        *,
        cast({{ add_seconds('ordered_at', '-0.000001') }} as date) as active_date
    from orders

),

event_slices as (

    select
        dated_events.user_id,
        dated_events.active_date,
        {{ slice_end('dated_events.occurred_at', 'dated_events.active_date', 'cuts.cut_at') }}
            as slice_end_at,
        count(*) as event_count,
        count(case when dated_events.event_name = 'view_item' then 1 end) as view_count,
        count(case when dated_events.event_name = 'add_to_cart' then 1 end) as cart_count,
        count(case when dated_events.event_name = 'purchase' then 1 end) as purchase_count,
        sum(dated_events.engagement_weight) as engagement_weight,
        min(dated_events.occurred_at) as first_event_at,
        max(dated_events.occurred_at) as last_event_at
    from dated_events
    left join cuts
        on dated_events.active_date = cuts.cut_date
    group by
        dated_events.user_id,
        dated_events.active_date,
        {{ slice_end('dated_events.occurred_at', 'dated_events.active_date', 'cuts.cut_at') }}

),

session_slices as (

    select
        dated_sessions.user_id,
        dated_sessions.active_date,
        {{ slice_end('dated_sessions.started_at', 'dated_sessions.active_date', 'cuts.cut_at') }}
            as slice_end_at,
        count(*) as session_count,
        sum(dated_sessions.duration_seconds) as session_seconds,
        sum(dated_sessions.engaged_seconds) as engaged_seconds,
        count(case when dated_sessions.is_bounce then 1 end) as bounce_count,
        sum(dated_sessions.page_count) as page_count,
        sum(dated_sessions.distinct_page_count) as distinct_page_count,
        sum(dated_sessions.path_step_count) as path_step_count,
        count(case when dated_sessions.cart_count > 0 then 1 end) as cart_session_count,
        count(
            case when dated_sessions.cart_count > 0 and dated_sessions.purchase_count = 0 then 1 end
        ) as abandoned_session_count
    from dated_sessions
    left join cuts
        on dated_sessions.active_date = cuts.cut_date
    group by
        dated_sessions.user_id,
        dated_sessions.active_date,
        {{ slice_end('dated_sessions.started_at', 'dated_sessions.active_date', 'cuts.cut_at') }}

),

order_slices as (

    select
        dated_orders.user_id,
        dated_orders.active_date,
        {{ slice_end('dated_orders.ordered_at', 'dated_orders.active_date', 'cuts.cut_at') }}
            as slice_end_at,
        count(case when dated_orders.is_purchase then 1 end) as order_count,
        sum(dated_orders.reporting_revenue) as revenue,
        sum(dated_orders.reporting_list_amount) as list_amount,
        sum(dated_orders.reporting_discount_amount) as discount_amount,
        min(case when dated_orders.is_purchase then dated_orders.ordered_at end) as first_order_at,
        max(case when dated_orders.is_purchase then dated_orders.ordered_at end) as last_order_at
    from dated_orders
    left join cuts
        on dated_orders.active_date = cuts.cut_date
    group by
        dated_orders.user_id,
        dated_orders.active_date,
        {{ slice_end('dated_orders.ordered_at', 'dated_orders.active_date', 'cuts.cut_at') }}

),

slices as (

    select
        user_id,
        active_date,
        slice_end_at
    from event_slices
    union
    select
        user_id,
        active_date,
        slice_end_at
    from session_slices
    union
    select
        user_id,
        active_date,
        slice_end_at
    from order_slices

),

final as (

    select
        slices.user_id,
        slices.active_date,
        slices.slice_end_at,
        coalesce(event_slices.event_count, 0) as event_count,
        coalesce(event_slices.view_count, 0) as view_count,
        coalesce(event_slices.cart_count, 0) as cart_count,
        coalesce(event_slices.purchase_count, 0) as purchase_count,
        coalesce(event_slices.engagement_weight, 0) as engagement_weight,
        coalesce(session_slices.session_count, 0) as session_count,
        coalesce(session_slices.session_seconds, 0) as session_seconds,
        coalesce(session_slices.engaged_seconds, 0) as engaged_seconds,
        coalesce(session_slices.bounce_count, 0) as bounce_count,
        coalesce(session_slices.page_count, 0) as page_count,
        coalesce(session_slices.distinct_page_count, 0) as distinct_page_count,
        coalesce(session_slices.path_step_count, 0) as path_step_count,
        coalesce(session_slices.cart_session_count, 0) as cart_session_count,
        coalesce(session_slices.abandoned_session_count, 0) as abandoned_session_count,
        coalesce(order_slices.order_count, 0) as order_count,
        coalesce(order_slices.revenue, 0) as revenue,
        coalesce(order_slices.list_amount, 0) as list_amount,
        coalesce(order_slices.discount_amount, 0) as discount_amount,
        event_slices.first_event_at,
        event_slices.last_event_at,
        order_slices.first_order_at,
        order_slices.last_order_at
    from slices
    left join event_slices
        on
            slices.user_id = event_slices.user_id
            and slices.slice_end_at = event_slices.slice_end_at
    left join session_slices
        on
            slices.user_id = session_slices.user_id
            and slices.slice_end_at = session_slices.slice_end_at
    left join order_slices
        on
            slices.user_id = order_slices.user_id
            and slices.slice_end_at = order_slices.slice_end_at

)

select * from final
