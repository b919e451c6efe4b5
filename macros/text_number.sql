{#-
    A whole number that stands for a text in joins and groups, which are several times
    quicker over numbers. It is taken from the text's md5, so that what is stored agrees
    with what a later version computes.
-#}
{% macro text_number(text) -%}
    {{ return(adapter.dispatch('text_number', 'kindred')(text)) }}
{%- endmacro %}

{% macro duckdb__text_number(text) -%}
    {#- md5_number takes three times as long -#}
    cast(cast('0x' || left(md5({{ text }}), 16) as ubigint) // 2 as bigint)
{%- endmacro %}
