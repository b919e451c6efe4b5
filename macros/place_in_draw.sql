{#-
    Where a unit stands in the draw of an experiment: a whole number from 0 to 999,999, the
    same wherever it is computed. From the first 16 digits of the md5 of both names, halved.
-#}
{% macro place_in_draw(experiment_id, unit_id) -%}
    mod({{ text_number(experiment_id ~ " || '|' || " ~ unit_id) }}, 1000000)
{%- endmacro %}
