{#-
    A timestamp moved by seconds; fractions and negative numbers too. `dbt.dateadd` drops
    the fraction of a second on some engines, and a boundary is then off by one event.
-#}
{% macro add_seconds(timestamp, seconds) -%}
    {{ return(adapter.dispatch('add_seconds', 'kindred')(timestamp, seconds)) }}
{%- endmacro %}

{% macro duckdb__add_seconds(timestamp, seconds) -%}
    ({{ timestamp }} + to_microseconds(cast(round(({{ seconds }}) * 1e6) as bigint)))
{%- endmacro %}
