{#-
    The features of `feature_catalog` whose gaps are filled for each user by themselves:
    by donors (`knn`) or by a regression (`model`). A test keeps them equal.
-#}
{% macro imputed_features() -%}
    {{ return({
        'knn': [
            'recency_days',
            'session_count_365d',
            'order_count_365d',
            'average_order_value_365d',
            'pages_per_session_365d',
            'path_depth_mean_365d',
            'view_to_cart_rate_365d',
            'discount_share_365d',
        ],
        'model': ['session_seconds_mean_365d', 'engaged_seconds_mean_365d'],
    }) }}
{%- endmacro %}
