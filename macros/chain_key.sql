{#-
    A number that stands, with the number of the user, for what a rule walks through: rule and
    key. It lives as long as a run: what is stored names both.
-#}
{% macro chain_key(rule_number, key_value) -%}
    {{ return(adapter.dispatch('chain_key', 'kindred')(rule_number, key_value)) }}
{%- endmacro %}

{% macro duckdb__chain_key(rule_number, key_value) -%}
    hash({{ rule_number }}, {{ key_value }})
{%- endmacro %}
