{#- The value, not null, that stands first in a group when ordered by a unique number. -#}
{% macro first_by(value, order_by) -%}
    {{ return(adapter.dispatch('first_by', 'kindred')(value, order_by)) }}
{%- endmacro %}

{% macro duckdb__first_by(value, order_by) -%}
    arg_min({{ value }}, {{ order_by }})
{%- endmacro %}
