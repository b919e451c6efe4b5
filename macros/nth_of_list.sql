{#- The value of a list at a place, counted from 1; null beyond its end. -#}
{% macro nth_of_list(list, n) -%}
    {{ return(adapter.dispatch('nth_of_list', 'kindred')(list, n)) }}
{%- endmacro %}

{% macro duckdb__nth_of_list(list, n) -%}
    {{ list }}[{{ n }}]
{%- endmacro %}
