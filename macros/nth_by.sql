{#- The value that stands n-th in a group when ordered by several expressions; null beyond its end. -#}
{% macro nth_by(value, order_by, n) -%}
    {{ return(adapter.dispatch('nth_by', 'kindred')(value, order_by, n)) }}
{%- endmacro %}

{% macro duckdb__nth_by(value, order_by, n) -%}
    {%- if n == 1 -%}
        arg_min({{ value }}, row({{ order_by | join(', ') }}))
    {%- else -%}
        arg_min({{ value }}, row({{ order_by | join(', ') }}), {{ n }})[{{ n }}]
    {%- endif -%}
{%- endmacro %}
