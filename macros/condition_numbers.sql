{#-
    The numbers of the conditions that a trigger rule may have beside the filter of its own row. Each
    is a set of columns, for an event is looked at once; a test refuses a rule with more.
-#}
{% macro condition_numbers() -%}
    {{ return([1, 2, 3]) }}
{%- endmacro %}
