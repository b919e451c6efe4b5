{#- The order that an event tells of; without an order's id an event is an order of its own. -#}
{% macro order_of_event(order_key, event_key) -%}
    coalesce({{ order_key }}, 'EVENT-' || {{ id_from_key(event_key) }})
{%- endmacro %}
