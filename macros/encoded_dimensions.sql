{#-
    One-hot dimensions: for each category as many slots as `feature_catalog` allows levels.
    Which level a slot stands for is learned, and kept with the model.
-#}
{% macro encoded_dimensions() -%}
    {%- set dimensions = [] -%}
    {%- for category, slot_count in catalogued_categories().items() -%}
        {%- for slot in range(1, slot_count + 1) -%}
            {%- do dimensions.append({
                'name': category ~ '_' ~ slot, 'category': category, 'slot': slot | string
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{%- endmacro %}
