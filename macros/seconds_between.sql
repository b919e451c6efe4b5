{#- Whole seconds from one timestamp to another, rounded down. -#}
{% macro seconds_between(first, last) -%}
    cast(
        floor(({{ epoch_microseconds(last) }} - {{ epoch_microseconds(first) }}) / 1000000.0)
        as bigint
    )
{%- endmacro %}
