{#- A list of one value. -#}
{% macro list_of(value) -%}
    {{ return(adapter.dispatch('list_of', 'kindred')(value)) }}
{%- endmacro %}

{% macro duckdb__list_of(value) -%}
    list_value({{ value }})
{%- endmacro %}
