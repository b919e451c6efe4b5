{#-
    A text as a 64-bit whole number, the same in every version of the engine, so that it can
    be stored. Look-ups by number are several times as fast as by text.
-#}
{% macro key_from_text(text) -%}
    {{ return(adapter.dispatch('key_from_text', 'kindred')(text)) }}
{%- endmacro %}

{% macro duckdb__key_from_text(text) -%}
    md5_number_lower({{ text }})
{%- endmacro %}
