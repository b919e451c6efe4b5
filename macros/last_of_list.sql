{#- The last `count` values of a list; all where there are fewer. -#}
{% macro last_of_list(list, count) -%}
    {{ return(adapter.dispatch('last_of_list', 'kindred')(list, count)) }}
{%- endmacro %}

{% macro duckdb__last_of_list(list, count) -%}
    list_slice({{ list }}, -({{ count }}), -1)
{%- endmacro %}
