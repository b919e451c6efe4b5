{#- The values of the rows of a window as a list, in the window's order. -#}
{% macro window_list(value, window) -%}
    {{ return(adapter.dispatch('window_list', 'kindred')(value, window)) }}
{%- endmacro %}

{% macro duckdb__window_list(value, window) -%}
    list({{ value }}) over ({{ window }})
{%- endmacro %}
