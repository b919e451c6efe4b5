{#-
    The categories of `feature_catalog`, in its order, each with the number of levels that
    get a column of their own; a test keeps the two equal.
-#}
{% macro catalogued_categories() -%}
    {{ return({'acquisition_channel': 6, 'country': 5, 'device': 3}) }}
{%- endmacro %}
