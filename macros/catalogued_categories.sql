{#-
    The categories of `feature_catalog`, in its order: how each is encoded, and how many
    levels get a column of their own. A test keeps the two equal.
-#}
{% macro catalogued_categories() -%}
    {{ return({
        'acquisition_channel': {'encode': 'onehot', 'count': 6},
        'country': {'encode': 'target', 'count': 0},
        'device': {'encode': 'onehot', 'count': 3},
    }) }}
{%- endmacro %}
