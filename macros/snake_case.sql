{#- A name in snake case: `Product Viewed` and `productViewed` become `product_viewed`. -#}
{% macro snake_case(text) -%}
    {{ return(adapter.dispatch('snake_case', 'kindred')(text)) }}
{%- endmacro %}

{% macro duckdb__snake_case(text) -%}
    {#- asked first, so that the costly expression stands here once: what stands twice is
        computed for every row, also for those that have a name already -#}
    case
        when regexp_matches({{ text }}, '[\p{L}0-9]') then trim(
            regexp_replace(
                lower(regexp_replace(trim({{ text }}), '([\p{Ll}0-9])(\p{Lu})', '\1_\2', 'g')),
                '[^\p{L}0-9]+', '_', 'g'
            ),
            '_'
        )
    end
{%- endmacro %}
