{#- The value, not null, that stands last in a group when ordered by a unique number. -#}
{% macro last_by(value, order_by) -%}
    {{ return(adapter.dispatch('last_by', 'kindred')(value, order_by)) }}
{%- endmacro %}

{% macro duckdb__last_by(value, order_by) -%}
    arg_max({{ value }}, {{ order_by }})
{%- endmacro %}
