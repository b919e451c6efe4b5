{#-
    Whether something of this moment is known. A replay knows nothing of later than its
    moment; the present knows all that has arrived.
-#}
{% macro known_at(moment, as_of) -%}
    {% if var('as_of') %}{{ moment }} <= {{ as_of }}{% else %}true{% endif %}
{%- endmacro %}
