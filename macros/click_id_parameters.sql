{#- Names of the URL parameters in which advertising networks pass a click id. -#}
{% macro click_id_parameters() -%}
    {{ return(['gclid', 'dclid', 'msclkid', 'fbclid', 'ttclid', 'twclid', 'li_fat_id']) }}
{%- endmacro %}
