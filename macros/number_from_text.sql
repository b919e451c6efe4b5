{#-
    The number that a text holds, and null for any other text. (`dbt.safe_cast` is a plain
    cast on DuckDB and stops the build.)
-#}
{% macro number_from_text(text) -%}
    {{ return(adapter.dispatch('number_from_text', 'kindred')(text)) }}
{%- endmacro %}

{% macro duckdb__number_from_text(text) -%}
    try_cast({{ text }} as decimal(18, 4))
{%- endmacro %}
