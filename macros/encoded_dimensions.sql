{#-
    What categories become: for one-hot as many slots as `feature_catalog` allows levels,
    and one for all other levels; for an encoding by target one number. Which level a slot
    stands for is learned, and kept with the model.
-#}
{% macro encoded_dimensions() -%}
    {%- set dimensions = [] -%}
    {%- for category, made in catalogued_categories().items() -%}
        {%- for slot in range(1, made.count + 1) -%}
            {%- do dimensions.append({
                'name': category ~ '_' ~ slot, 'category': category, 'slot': slot | string
            }) -%}
        {%- endfor -%}
        {%- set last = 'other' if made.encode == 'onehot' else 'target' -%}
        {%- do dimensions.append({
            'name': category ~ '_' ~ last, 'category': category, 'slot': last
        }) -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{%- endmacro %}
