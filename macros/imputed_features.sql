{#-
    The features of `feature_catalog` whose gaps are filled for each user by themselves, by
    donors (`knn`) or by a regression (`model`), each with the count that it is `missing_without`
    (none: it has no such count). A test keeps them equal.
-#}
{% macro imputed_features() -%}
    {{ return({
        'knn': {
            'recency_days': none,
            'session_count_365d': none,
            'order_count_365d': none,
            'average_order_value_365d': 'order_count_365d',
            'pages_per_session_365d': 'session_count_365d',
            'path_depth_mean_365d': 'session_count_365d',
            'view_to_cart_rate_365d': 'view_count_365d',
            'discount_share_365d': 'order_count_365d',
        },
        'model': {
            'session_seconds_mean_365d': 'session_count_365d',
            'engaged_seconds_mean_365d': 'session_count_365d',
        },
    }) }}
{%- endmacro %}
