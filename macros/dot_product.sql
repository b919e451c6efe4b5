{#- The sum of the products of two lists of numbers of one length, place by place. -#}
{% macro dot_product(one, other) -%}
    {{ return(adapter.dispatch('dot_product', 'kindred')(one, other)) }}
{%- endmacro %}

{% macro duckdb__dot_product(one, other) -%}
    list_dot_product({{ one }}, {{ other }})
{%- endmacro %}
