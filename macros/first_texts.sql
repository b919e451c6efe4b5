{#- The first values of a group in a given order, so many at most, joined by a separator. -#}
{% macro first_texts(value, order_by, separator, n) -%}
    {{ return(adapter.dispatch('first_texts', 'kindred')(value, order_by, separator, n)) }}
{%- endmacro %}

{% macro duckdb__first_texts(value, order_by, separator, n) -%}
    {#- a bounded list is kept sorted: half the time of joining and sorting them all -#}
    array_to_string(arg_min({{ value }}, {{ order_by }}, {{ n }}), '{{ separator }}')
{%- endmacro %}
