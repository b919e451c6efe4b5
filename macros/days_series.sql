{#- Every day from one timestamp to another, both included, as a table function. -#}
{% macro days_series(first, last) -%}
    {{ return(adapter.dispatch('days_series', 'kindred')(first, last)) }}
{%- endmacro %}

{% macro duckdb__days_series(first, last) -%}
    unnest(generate_series(
        date_trunc('day', {{ first }}), date_trunc('day', {{ last }}), interval 1 day
    ))
{%- endmacro %}
