{#-
    What experiments can be decided by, each measured per user from the first exposure on. SQL
    needs the names before it can read the seed; a test refuses a row that names another one.
-#}
{% macro measured_metrics() -%}
    {{ return(['conversion', 'order_count', 'revenue', 'engagement']) }}
{%- endmacro %}
