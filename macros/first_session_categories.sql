{#-
    What the guess of a segment may know of who came and how, in the order of CATEGORIES in
    kindred.segmentation.guessing; a test keeps the two equal.
-#}
{% macro first_session_categories() -%}
    {{ return(['acquisition_channel', 'country', 'device', 'gender', 'age_band']) }}
{%- endmacro %}
