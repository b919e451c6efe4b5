{#- Days from one timestamp to another, with fraction; null when either is unknown. -#}
{% macro days_between(first, last) -%}
    ({{ epoch_microseconds(last) }} - {{ epoch_microseconds(first) }}) / 86400000000.0
{%- endmacro %}
