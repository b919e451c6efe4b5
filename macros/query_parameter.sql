{#- One parameter of a query string or URL, decoded; null when absent or empty. -#}
{% macro query_parameter(text, name) -%}
    {{ return(adapter.dispatch('query_parameter', 'kindred')(text, name)) }}
{%- endmacro %}

{% macro duckdb__query_parameter(text, name) -%}
    case
        when contains({{ text }}, '{{ name }}=')
            then nullif(
                -- what is no UTF-8 once decoded is no value
                try(url_decode(replace(
                    regexp_extract({{ text }}, '(?:^|[?&])(?:{{ name }})=([^&#]*)', 1), '+', ' '
                ))),
                ''
            )
    end
{%- endmacro %}
