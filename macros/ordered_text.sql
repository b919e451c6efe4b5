{#- The values of a group joined by a separator in a given order. -#}
{% macro ordered_text(value, order_by, separator) -%}
    {{ return(adapter.dispatch('ordered_text', 'kindred')(value, order_by, separator)) }}
{%- endmacro %}

{% macro duckdb__ordered_text(value, order_by, separator) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}
