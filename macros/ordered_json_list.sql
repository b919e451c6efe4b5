{#- The texts of a group as the text of a JSON list, in a given order. -#}
{% macro ordered_json_list(value, order_by) -%}
    {{ return(adapter.dispatch('ordered_json_list', 'kindred')(value, order_by)) }}
{%- endmacro %}

{% macro duckdb__ordered_json_list(value, order_by) -%}
    cast(to_json(list({{ value }} order by {{ order_by }})) as varchar)
{%- endmacro %}
