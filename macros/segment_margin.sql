{#- How clear a segment is: by which share of its distance the runner-up lies farther; 1 without one. -#}
{% macro segment_margin(distance, runner_up_distance) -%}
    coalesce({{ safe_ratio(runner_up_distance ~ ' - ' ~ distance, runner_up_distance) }}, 1)
{%- endmacro %}
