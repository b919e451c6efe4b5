{#- The first day of the month after the one a date begins. -#}
{% macro next_month(month) -%}
    {{ return(adapter.dispatch('next_month', 'kindred')(month)) }}
{%- endmacro %}

{% macro duckdb__next_month(month) -%}
    cast({{ month }} + interval 1 month as date)
{%- endmacro %}
