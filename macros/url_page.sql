{#- Host and path of a URL, without query, fragment and closing slash. -#}
{% macro url_page(url) -%}
    {{ return(adapter.dispatch('url_page', 'kindred')(url)) }}
{%- endmacro %}

{% macro duckdb__url_page(url) -%}
    nullif(
        rtrim(
            regexp_extract({{ url }}, '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://)?(?:www\.)?([^?#]*)', 1), '/'
        ),
        ''
    )
{%- endmacro %}
