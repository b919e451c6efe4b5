{#-
    The day at whose beginning running totals of whole days are read for an edge of a
    window. The edges of a closed week lie between two days; those of the moment cut a
    day, and the piece of it before the edge is added from the cut days.
-#}
{% macro first_day_after_edge(period, edge_at) -%}
    case
        when {{ period }} = 'week' then cast({{ edge_at }} as date)
        else cast({{ add_seconds(edge_at, '-0.000001') }} as date)
    end
{%- endmacro %}
