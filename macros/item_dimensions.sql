{#- The numbers that counted items become: each with its name and how it is made. -#}
{% macro item_dimensions() -%}
    {%- set dimensions = [] -%}
    {%- for feature, made in catalogued_items().items() -%}
        {%- if made.encode == 'entropy' -%}
            {%- do dimensions.append({'name': feature, 'encode': made.encode}) -%}
        {%- endif -%}
        {%- for number in range(1, made.count + 1) -%}
            {%- do dimensions.append({'name': feature ~ '_' ~ number, 'encode': made.encode}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{%- endmacro %}
