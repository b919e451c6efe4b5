{#-
    The numeric features of `feature_catalog`, in its order. SQL needs their names before
    it can read the seed; a test keeps the two equal.
-#}
{% macro catalogued_features() -%}
    {{ return([
        'recency_days',
        'order_recency_days',
        'tenure_days',
        'engagement_score',
        'lifetime_order_count',
        'event_count_30d',
        'event_count_365d',
        'session_count_30d',
        'session_count_365d',
        'active_day_count_365d',
        'view_count_30d',
        'view_count_365d',
        'cart_count_365d',
        'order_count_90d',
        'order_count_365d',
        'revenue_90d',
        'revenue_365d',
        'average_order_value_365d',
        'session_seconds_mean_365d',
        'engaged_seconds_mean_365d',
        'pages_per_session_365d',
        'path_depth_mean_365d',
        'path_loop_share_365d',
        'bounce_share_365d',
        'view_to_cart_rate_365d',
        'cart_to_purchase_rate_365d',
        'cart_abandonment_share_365d',
        'discount_share_365d',
        'category_entropy_365d',
    ]) }}
{%- endmacro %}
