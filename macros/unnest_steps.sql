{#- One row per pair of neighbours in a text of parts: `a>b>c` gives `a>b` and `b>c`. -#}
{% macro unnest_steps(text, separator) -%}
    {{ return(adapter.dispatch('unnest_steps', 'kindred')(text, separator)) }}
{%- endmacro %}

{% macro duckdb__unnest_steps(text, separator) -%}
    unnest(list_transform(
        list_zip(
            string_split({{ text }}, '{{ separator }}')[:-2],
            string_split({{ text }}, '{{ separator }}')[2:]
        ),
        lambda pair: pair[1] || '{{ separator }}' || pair[2]
    ))
{%- endmacro %}
