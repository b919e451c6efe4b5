{#-
    Hold a number between two bounds and leave an unknown number unknown. A bound that is
    null does not bind. (`least(greatest(x, low), high)` would turn an unknown number into
    the lower bound, for on DuckDB both functions skip nulls.)
-#}
{% macro clip_to_range(value, lower, upper) -%}
    case
        when {{ value }} < {{ lower }} then {{ lower }}
        when {{ value }} > {{ upper }} then {{ upper }}
        else {{ value }}
    end
{%- endmacro %}
