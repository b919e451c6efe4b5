{#- The first 64 bits of an id in hexadecimal digits as a whole number that sorts as the id does. -#}
{% macro key_from_id(id) -%}
    {{ return(adapter.dispatch('key_from_id', 'kindred')(id)) }}
{%- endmacro %}

{% macro duckdb__key_from_id(id) -%}
    cast('0x' || left({{ id }}, 16) as ubigint)
{%- endmacro %}
