{{ config(materialized='view') }}

with

features as (

    select * from {{ ref('int_users__features') }}

),

final as (

    select
        -- ids
        {{ surrogate_key(['user_id', 'period', epoch_microseconds('as_of')]) }} as user_features_id,
        user_id,
        period,

        -- text
        acquisition_channel,
        country,
        device,

        -- numbers
        recency_days,
        order_recency_days,
        tenure_days,
        engagement_score,
        lifetime_event_count,
        lifetime_order_count,
        event_count_7d,
        session_count_7d,
        active_day_count_7d,
        view_count_7d,
        cart_count_7d,
        order_count_7d,
        revenue_7d,
        average_order_value_7d,
        session_seconds_mean_7d,
        engaged_seconds_mean_7d,
        pages_per_session_7d,
        path_depth_mean_7d,
        path_loop_share_7d,
        bounce_share_7d,
        view_to_cart_rate_7d,
        cart_to_purchase_rate_7d,
        cart_abandonment_share_7d,
        discount_share_7d,
        category_entropy_7d,
        event_count_30d,
        session_count_30d,
        active_day_count_30d,
        view_count_30d,
        cart_count_30d,
        order_count_30d,
        revenue_30d,
        average_order_value_30d,
        session_seconds_mean_30d,
        engaged_seconds_mean_30d,
        pages_per_session_30d,
        path_depth_mean_30d,
        path_loop_share_30d,
        bounce_share_30d,
        view_to_cart_rate_30d,
        cart_to_purchase_rate_30d,
        cart_abandonment_share_30d,
        discount_share_30d,
        category_entropy_30d,
        event_count_90d,
        session_count_90d,
        active_day_count_90d,
        view_count_90d,
        cart_count_90d,
        order_count_90d,
        revenue_90d,
        average_order_value_90d,
        session_seconds_mean_90d,
        engaged_seconds_mean_90d,
        pages_per_session_90d,
        path_depth_mean_90d,
        path_loop_share_90d,
        bounce_share_90d,
        view_to_cart_rate_90d,
        cart_to_purchase_rate_90d,
        cart_abandonment_share_90d,
        discount_share_90d,
        category_entropy_90d,
        event_count_365d,
        session_count_365d,
        active_day_count_365d,
        view_count_365d,
        cart_count_365d,
        order_count_365d,
        revenue_365d,
        average_order_value_365d,
        session_seconds_mean_365d,
        engaged_seconds_mean_365d,
        pages_per_session_365d,
        path_depth_mean_365d,
        path_loop_share_365d,
        bounce_share_365d,
        view_to_cart_rate_365d,
        cart_to_purchase_rate_365d,
        cart_abandonment_share_365d,
        discount_share_365d,
        category_entropy_365d,

        -- booleans
        is_cold_start,

        -- times
        as_of
    from features

)

select * from final
