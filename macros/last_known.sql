{#- The last value, not null, at or before a row along a window's order. -#}
{% macro last_known(value, window) -%}
    {{ return(adapter.dispatch('last_known', 'kindred')(value, window)) }}
{%- endmacro %}

{% macro duckdb__last_known(value, window) -%}
    last_value({{ value }} ignore nulls) over ({{ window }})
{%- endmacro %}
