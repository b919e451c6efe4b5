{#-
    A window over all rows whose whole number lies between two distances from the row's own,
    both ends in; `from_distance` may be 'unbounded preceding'. The distances may differ by row.
-#}
{% macro range_window(partition_by, order_by, from_distance, to_distance) -%}
    {{ return(adapter.dispatch('range_window', 'kindred')(
        partition_by, order_by, from_distance, to_distance
    )) }}
{%- endmacro %}

{% macro duckdb__range_window(partition_by, order_by, from_distance, to_distance) -%}
    (
        partition by {{ partition_by }}
        order by {{ order_by }}
        range between {{ from_distance }} and {{ to_distance }}
    )
{%- endmacro %}
