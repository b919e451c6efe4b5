{#- One member of a JSON object as text; null when absent or when the text is no JSON. -#}
{% macro json_value(text, name) -%}
    {{ return(adapter.dispatch('json_value', 'kindred')(text, name)) }}
{%- endmacro %}

{% macro duckdb__json_value(text, name) -%}
    case when json_valid({{ text }}) then json_extract_string({{ text }}, '$."{{ name }}"') end
{%- endmacro %}
