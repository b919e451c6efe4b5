{#- The id of an event: 64 bits of a hash, in hexadecimal digits, of the fields that tell which it is. -#}
{% macro event_id(expressions) -%}
    left({{ kindred.surrogate_key(expressions) }}, 16)
{%- endmacro %}
