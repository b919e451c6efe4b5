{#-
    The features of `feature_catalog` that are made of counted items, in its order: how
    each is encoded, and how many numbers it becomes. A test keeps the two equal.
-#}
{% macro catalogued_items() -%}
    {{ return({
        'category_embedding': {'encode': 'embedding', 'count': 3},
        'path_embedding': {'encode': 'embedding', 'count': 3},
        'path_shares': {'encode': 'shares', 'count': 4},
        'path_entropy': {'encode': 'entropy', 'count': 0},
    }) }}
{%- endmacro %}
