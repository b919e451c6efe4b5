{#-
    How likely the nearest segment of a list of `segment_distances` is: exp(-squared distance / 2)
    as a share of that of all. The posterior of a mixture; of k-means, that of equally likely
    round clusters.
-#}
{% macro nearest_probability(distances) -%}
    {{ return(adapter.dispatch('nearest_probability', 'kindred')(distances)) }}
{%- endmacro %}

{% macro duckdb__nearest_probability(distances) -%}
    1 / list_sum(list_transform(
        {{ distances }},
        lambda segment: exp(
            ({{ distances }}[1]['squared_distance'] - segment['squared_distance']) / 2
        )
    ))
{%- endmacro %}
