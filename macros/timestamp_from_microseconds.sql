{#- The timestamp that lies so many microseconds after 1970. -#}
{% macro timestamp_from_microseconds(microseconds) -%}
    {{ return(adapter.dispatch('timestamp_from_microseconds', 'kindred')(microseconds)) }}
{%- endmacro %}

{% macro duckdb__timestamp_from_microseconds(microseconds) -%}
    make_timestamp(cast({{ microseconds }} as bigint))
{%- endmacro %}
