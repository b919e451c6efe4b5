{#- One member of a JSON object as text, named by an expression; null when absent. -#}
{% macro json_member(text, name) -%}
    {{ return(adapter.dispatch('json_member', 'kindred')(text, name)) }}
{%- endmacro %}

{% macro duckdb__json_member(text, name) -%}
    case when json_valid({{ text }}) then json_extract_string({{ text }}, '$."' || {{ name }} || '"') end
{%- endmacro %}
