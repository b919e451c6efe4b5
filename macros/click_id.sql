{#- The click id that a URL or query string carries, in the order of the networks. -#}
{% macro click_id(text) -%}
    coalesce(
        {%- for name in click_id_parameters() %}
        {{ query_parameter(text, name) }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
