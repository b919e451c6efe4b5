{#-
    Days of the windows that features are counted over, shortest first. The seed of the
    same name holds the same numbers for SQL that joins them; a test keeps the two equal.
-#}
{% macro feature_windows() -%}
    {{ return([7, 30, 90, 365]) }}
{%- endmacro %}
