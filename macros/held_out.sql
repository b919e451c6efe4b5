{#-
    Whether a user is one of the 3 in 16 that no guess or rule learns from, so that it can be
    judged on them; the same for ever, and as kindred.segmentation.guessing says it.
-#}
{% macro held_out(user_id) -%}
    substring(md5({{ user_id }} || '|held_out'), 1, 1) in ('0', '1', '2')
{%- endmacro %}
