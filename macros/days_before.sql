{#- The date so many days before a date. -#}
{% macro days_before(day, days) -%}
    {{ return(adapter.dispatch('days_before', 'kindred')(day, days)) }}
{%- endmacro %}

{% macro duckdb__days_before(day, days) -%}
    ({{ day }} - {{ days }})
{%- endmacro %}
