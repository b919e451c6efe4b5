{#-
    Hold a number between two bounds, as `clip_to_range` does, and leave it unknown where it
    lies outside of two wider ones. A bound that is null does not bind.
-#}
{% macro known_in_range(value, absurd_lower, absurd_upper, lower, upper) -%}
    case
        when {{ value }} < {{ absurd_lower }} or {{ value }} > {{ absurd_upper }} then null
        else {{ clip_to_range(value, lower, upper) }}
    end
{%- endmacro %}
