{#- All values of a group as one list. -#}
{% macro text_list(value) -%}
    {{ return(adapter.dispatch('text_list', 'kindred')(value)) }}
{%- endmacro %}

{% macro duckdb__text_list(value) -%}
    list({{ value }})
{%- endmacro %}
