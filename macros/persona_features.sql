{#-
    The numbers of a user that a persona rule may name as `feature:<name>`. SQL needs the
    names before it can read the seed; a test fails for a rule that names another one.
-#}
{% macro persona_features() -%}
    {%- set names = [
        'is_cold_start', 'recency_days', 'order_recency_days', 'tenure_days',
        'engagement_score', 'lifetime_event_count', 'lifetime_order_count',
    ] -%}
    {%- for days in [30, 90, 365] -%}
    {%- for measure in [
        'event_count', 'session_count', 'active_day_count', 'view_count', 'cart_count',
        'order_count', 'revenue', 'average_order_value', 'view_to_cart_rate',
        'cart_to_purchase_rate', 'cart_abandonment_share', 'discount_share',
        'category_entropy',
    ] -%}
    {%- do names.append(measure ~ '_' ~ days ~ 'd') -%}
    {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
