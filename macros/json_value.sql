{#- One member of a JSON object as text; null when absent. -#}
{% macro json_value(text, name) -%}
    {{ return(adapter.dispatch('json_value', 'kindred')(text, name)) }}
{%- endmacro %}

{% macro duckdb__json_value(text, name) -%}
    json_extract_string({{ text }}, '$."{{ name }}"')
{%- endmacro %}
