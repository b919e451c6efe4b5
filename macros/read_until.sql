{#- The newest run that a table has taken in; every run has a number, and 0 is none. -#}
{% macro read_until(relation) -%}
    (select coalesce(max(run_number), 0) from {{ relation }})
{%- endmacro %}
