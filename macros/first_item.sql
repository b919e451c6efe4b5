{#- One field of the first of GA4's `items`; null when the event has none. -#}
{% macro first_item(field) -%}
    {{ return(adapter.dispatch('first_item', 'kindred')(field)) }}
{%- endmacro %}

{% macro duckdb__first_item(field) -%}
    items[1]['{{ field }}']
{%- endmacro %}
