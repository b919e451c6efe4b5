{#- Hours, fractions too, as whole microseconds: the unit in which triggers compare. -#}
{% macro hours_in_microseconds(hours) -%}
    cast(round(cast({{ hours }} as decimal(18, 6)) * 3600000000) as bigint)
{%- endmacro %}
