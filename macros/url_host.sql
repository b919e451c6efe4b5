{#- Lower-case host of a URL without port and leading `www.`; null when there is none. -#}
{% macro url_host(url) -%}
    {{ return(adapter.dispatch('url_host', 'kindred')(url)) }}
{%- endmacro %}

{% macro duckdb__url_host(url) -%}
    nullif(
        regexp_extract(
            lower({{ url }}), '^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@]*@)?(?:www\.)?([^/:?#]+)', 1
        ),
        ''
    )
{%- endmacro %}
