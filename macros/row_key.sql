{#- One whole number for a landed row: batches are numbered across all sources. -#}
{% macro row_key(batch, source_line) -%}
    {{ batch }} * 4294967296 + {{ source_line }}
{%- endmacro %}
