{#-
    The end of the piece of a day that a moment lies in. A day ends at midnight, and where
    the edge of a window cuts the day, at that edge: whole pieces then lie inside or outside
    every window, and windows are exact to the microsecond.
-#}
{% macro slice_end(moment, active_date, cut_at) -%}
    case
        when {{ moment }} <= {{ cut_at }} then {{ cut_at }}
        else {{ add_seconds("cast(" ~ active_date ~ " as timestamp)", 86400) }}
    end
{%- endmacro %}
