{#- Stop the build with a message; of type timestamp so that it fits where a moment stands. -#}
{% macro raise_error(message) -%}
    {{ return(adapter.dispatch('raise_error', 'kindred')(message)) }}
{%- endmacro %}

{% macro duckdb__raise_error(message) -%}
    cast(error({{ message }}) as timestamp)
{%- endmacro %}
