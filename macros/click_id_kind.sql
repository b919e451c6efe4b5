{#- Which parameter the click id of a URL or query string came in. -#}
{% macro click_id_kind(text) -%}
    case
        {%- for name in click_id_parameters() %}
        when {{ query_parameter(text, name) }} is not null then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}
