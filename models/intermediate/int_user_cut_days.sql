with

cuts as (

    select * from {{ ref('int_time__cuts') }}

),

day_events as (

    select * from {{ ref('int_events__counted') }}
    where
        is_visit
        and {{ is_on_cut_day('occurred_at') }}

),

cut_events as (

    select
        events.*,
        cuts.cut_at,
        events.occurred_at <= cuts.cut_at as is_before
    from day_events as events
    inner join cuts
        on cast({{ add_seconds('events.occurred_at', '-0.000001') }} as date) = cuts.cut_date

),

cut_sessions as (

    select
        sessions.*,
        cuts.cut_at
    from {{ ref('int_sessions__summarized') }} as sessions
    inner join cuts
        on cast({{ add_seconds('sessions.started_at', '-0.000001') }} as date) = cuts.cut_date
    where
        sessions.is_counted
        and sessions.user_id is not null
        and sessions.started_at <= cuts.cut_at
        and {{ is_on_cut_day('sessions.started_at') }}

),

cut_orders as (

    select
        orders.*,
        cuts.cut_at,
        orders.ordered_at <= cuts.cut_at as is_before
    from {{ ref('int_orders__resolved') }} as orders
    inner join cuts
        on cast({{ add_seconds('orders.ordered_at', '-0.000001') }} as date) = cuts.cut_date
    where orders.user_id is not null

),

event_cuts as (

    select
        user_id,
        cut_at,
        count(case when is_before then 1 end) as event_count,
        count(case when is_before and event_name = 'view_item' then 1 end) as view_count,
        count(case when is_before and event_name = 'add_to_cart' then 1 end) as cart_count,
        count(case when is_before and event_name = 'purchase' then 1 end) as purchase_count,
        count(case when not is_before then 1 end) as later_count,
        sum(case when is_before then engagement_weight end) as engagement_weight,
        max(case when is_before then occurred_at end) as last_event_at
    from cut_events
    group by user_id, cut_at

),

session_cuts as (

    select
        user_id,
        cut_at,
        count(*) as session_count,
        sum(duration_seconds) as session_seconds,
        sum(engaged_seconds) as engaged_seconds,
        count(case when is_bounce then 1 end) as bounce_count,
        sum(page_count) as page_count,
        sum(distinct_page_count) as distinct_page_count,
        sum(path_step_count) as path_step_count,
        count(case when cart_count > 0 then 1 end) as cart_session_count,
        count(case when cart_count > 0 and purchase_count = 0 then 1 end)
            as abandoned_session_count
    from cut_sessions
    group by user_id, cut_at

),

order_cuts as (

    select
        user_id,
        cut_at,
        count(case when is_before and is_purchase then 1 end) as order_count,
        count(case when not is_before and is_purchase then 1 end) as later_count,
        sum(case when is_before then reporting_revenue end) as revenue,
        sum(case when is_before then reporting_list_amount end) as list_amount,
        sum(case when is_before then reporting_discount_amount end) as discount_amount,
        max(case when is_before and is_purchase then ordered_at end) as last_order_at
    from cut_orders
    group by user_id, cut_at

),

user_cuts as (

    select
        user_id,
        cut_at
    from event_cuts
    union
    select
        user_id,
        cut_at
    from session_cuts
    union
    select
        user_id,
        cut_at
    from order_cuts

),

joined as (

    select
        user_cuts.user_id,
        user_cuts.cut_at,
        {%- for measure in ['event_count', 'view_count', 'cart_count', 'purchase_count'] %}
            coalesce(event_cuts.{{ measure }}, 0) as {{ measure }},
        {%- endfor %}
        {%- for measure in [
            'session_count', 'session_seconds', 'engaged_seconds', 'bounce_count', 'page_count',
            'distinct_page_count', 'path_step_count', 'cart_session_count', 'abandoned_session_count',
        ] %}
            cast(coalesce(session_cuts.{{ measure }}, 0) as bigint) as {{ measure }},
        {%- endfor %}
        coalesce(order_cuts.order_count, 0) as order_count,
        {%- for measure in ['revenue', 'list_amount', 'discount_amount'] %}
            cast(coalesce(order_cuts.{{ measure }}, 0) as decimal(18, 4)) as {{ measure }},
        {%- endfor %}
        cast(coalesce(event_cuts.engagement_weight, 0) as decimal(18, 2)) as engagement_weight,
        coalesce(event_cuts.later_count, 0) + coalesce(order_cuts.later_count, 0) as later_count,
        event_cuts.last_event_at,
        order_cuts.last_order_at
    from user_cuts
    left join event_cuts
        on
            user_cuts.user_id = event_cuts.user_id
            and user_cuts.cut_at = event_cuts.cut_at
    left join session_cuts
        on
            user_cuts.user_id = session_cuts.user_id
            and user_cuts.cut_at = session_cuts.cut_at
    left join order_cuts
        on
            user_cuts.user_id = order_cuts.user_id
            and user_cuts.cut_at = order_cuts.cut_at

),

final as (

    select
        user_id,
        cut_at,
        {{ text_number('user_id') }} as user_key,
        event_count,
        view_count,
        cart_count,
        purchase_count,
        engagement_weight,
        session_count,
        session_seconds,
        engaged_seconds,
        bounce_count,
        page_count,
        distinct_page_count,
        path_step_count,
        cart_session_count,
        abandoned_session_count,
        order_count,
        revenue,
        list_amount,
        discount_amount,
        -- a day in two pieces is a day of the window that either of its pieces lies in
        case when event_count + order_count > 0 then 1 else 0 end as active_day_count,
        case when event_count + order_count > 0 and later_count = 0 then 1 else 0 end
            as left_day_count,
        case
            when last_event_at is null then last_order_at
            when last_order_at > last_event_at then last_order_at
            else last_event_at
        end as last_active_at,
        last_order_at
    from joined

)

select * from final
