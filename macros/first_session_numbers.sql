{#-
    What the guess of a segment may know of a first session, in the order of NUMBERS in
    kindred.segmentation.guessing; a test keeps the two equal.
-#}
{% macro first_session_numbers() -%}
    {{ return([
        'event_count',
        'page_view_count',
        'distinct_page_count',
        'distinct_product_count',
        'product_view_count',
        'cart_count',
        'checkout_count',
        'purchase_count',
        'path_step_count',
        'duration_seconds',
        'engaged_seconds',
        'revenue',
    ]) }}
{%- endmacro %}
