{#- Everything a centre can have a coordinate for: numeric features and one-hot slots. -#}
{% macro clustering_dimensions() -%}
    {%- set names = [] -%}
    {%- for dimension in encoded_dimensions() -%}
        {%- do names.append(dimension.name) -%}
    {%- endfor -%}
    {{ return(catalogued_features() + names) }}
{%- endmacro %}
