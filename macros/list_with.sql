{#- A list with one more value at its end. -#}
{% macro list_with(list, value) -%}
    {{ return(adapter.dispatch('list_with', 'kindred')(list, value)) }}
{%- endmacro %}

{% macro duckdb__list_with(list, value) -%}
    list_append({{ list }}, {{ value }})
{%- endmacro %}
