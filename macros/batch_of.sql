{#- The landing batch of a row, from its number. -#}
{% macro batch_of(row_key) -%}
    cast(floor({{ row_key }} / 4294967296) as bigint)
{%- endmacro %}
