{#- The id in hexadecimal digits that `key_from_id` took a whole number from. -#}
{% macro id_from_key(key) -%}
    {{ return(adapter.dispatch('id_from_key', 'kindred')(key)) }}
{%- endmacro %}

{% macro duckdb__id_from_key(key) -%}
    format('{:016x}', {{ key }})
{%- endmacro %}
