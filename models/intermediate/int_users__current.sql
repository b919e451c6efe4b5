with

measured as (

    select * from {{ ref('int_users__measured') }}
    where period = 'current'

),

final as (

    select
        user_id,
        period,
        acquisition_channel,
        country,
        device,
        recency_days,
        order_recency_days,
        tenure_days,
        engagement_score,
        lifetime_event_count,
        lifetime_order_count,
        {%- for days in feature_windows() %}
            {%- for feature in [
                'event_count', 'session_count', 'active_day_count', 'view_count', 'cart_count',
                'order_count', 'revenue', 'average_order_value', 'session_seconds_mean',
                'engaged_seconds_mean', 'pages_per_session', 'path_depth_mean', 'path_loop_share',
                'bounce_share', 'view_to_cart_rate', 'cart_to_purchase_rate',
                'cart_abandonment_share', 'discount_share', 'category_entropy',
            ] %}
                {{ feature }}_{{ days }}d,
            {%- endfor %}
        {%- endfor %}
        is_cold_start,
        as_of
    from measured

)

select * from final
