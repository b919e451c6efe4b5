{#- One row per element of a list: a struct of `number`, from 1, and `value`. -#}
{% macro unnest_numbered(list) -%}
    {{ return(adapter.dispatch('unnest_numbered', 'kindred')(list)) }}
{%- endmacro %}

{% macro duckdb__unnest_numbered(list) -%}
    unnest(list_transform(
        generate_series(1, len({{ list }})),
        lambda position: {'number': position, 'value': ({{ list }})[position]}
    ))
{%- endmacro %}
