{#- Several numbers of one row as one list of doubles, in the order given. -#}
{% macro number_list(values) -%}
    {{ return(adapter.dispatch('number_list', 'kindred')(values)) }}
{%- endmacro %}

{% macro duckdb__number_list(values) -%}
    cast([{{ values | join(', ') }}] as double[])
{%- endmacro %}
