{#- Of a list of `segment_distances` the segment that is n-th nearest: its `segment_id` or `squared_distance`. -#}
{% macro nth_segment(distances, n, member) -%}
    {{ return(adapter.dispatch('nth_segment', 'kindred')(distances, n, member)) }}
{%- endmacro %}

{% macro duckdb__nth_segment(distances, n, member) -%}
    {{ distances }}[{{ n }}]['{{ member }}']
{%- endmacro %}
