{#-
    The values of a group joined by a separator in a given order. With a `limit` only the first so
    many are looked for, which is quicker than sorting them all.
-#}
{% macro ordered_text(value, order_by, separator, limit=none) -%}
    {{ return(adapter.dispatch('ordered_text', 'kindred')(value, order_by, separator, limit)) }}
{%- endmacro %}

{% macro duckdb__ordered_text(value, order_by, separator, limit) -%}
    {%- if limit is none -%}
        string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
    {%- else -%}
        array_to_string(arg_min({{ value }}, {{ order_by }}, {{ limit }}), '{{ separator }}')
    {%- endif -%}
{%- endmacro %}
