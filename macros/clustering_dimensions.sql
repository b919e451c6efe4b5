{#-
    Everything a centre can have a coordinate for: numeric features, what counted items
    become, and what categories become.
-#}
{% macro clustering_dimensions() -%}
    {%- set names = catalogued_features() + (item_dimensions() | map(attribute='name') | list) -%}
    {{ return(names + (encoded_dimensions() | map(attribute='name') | list)) }}
{%- endmacro %}
