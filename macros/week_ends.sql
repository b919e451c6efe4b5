{#- Every Monday 00:00 after `first` and at or before `last`, as a table function. -#}
{% macro week_ends(first, last) -%}
    {{ return(adapter.dispatch('week_ends', 'kindred')(first, last)) }}
{%- endmacro %}

{% macro duckdb__week_ends(first, last) -%}
    unnest(generate_series(
        date_trunc('week', {{ first }}) + interval 7 day,
        date_trunc('week', {{ last }}),
        interval 7 day
    ))
{%- endmacro %}
