{#- The first value, not null, at or before a row along a window's order. -#}
{% macro first_known(value, window) -%}
    {{ return(adapter.dispatch('first_known', 'kindred')(value, window)) }}
{%- endmacro %}

{% macro duckdb__first_known(value, window) -%}
    first_value({{ value }} ignore nulls) over ({{ window }})
{%- endmacro %}
