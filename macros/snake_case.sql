{#- A name in snake case: `Product Viewed` and `productViewed` become `product_viewed`. -#}
{% macro snake_case(text) -%}
    {{ return(adapter.dispatch('snake_case', 'kindred')(text)) }}
{%- endmacro %}

{% macro duckdb__snake_case(text) -%}
    trim(
        regexp_replace(
            lower(regexp_replace(trim({{ text }}), '([a-z0-9])([A-Z])', '\1_\2', 'g')),
            '[^a-z0-9]+', '_', 'g'
        ),
        '_'
    )
{%- endmacro %}
