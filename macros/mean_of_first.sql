{#- The mean of the first n values of a group when ordered by several expressions. -#}
{% macro mean_of_first(value, order_by, n) -%}
    {{ return(adapter.dispatch('mean_of_first', 'kindred')(value, order_by, n)) }}
{%- endmacro %}

{% macro duckdb__mean_of_first(value, order_by, n) -%}
    list_avg(arg_min({{ value }}, row({{ order_by | join(', ') }}), {{ n }}))
{%- endmacro %}
