{#-
    An order for the rows of a table that is built anew, to stand at the end of its query: as runs add
    to it, by time. The engine keeps the least and the greatest value of each part of a table, and so
    passes over the parts of long ago. A run adds what is of its time anyway.
-#}
{% macro in_order_of(column) -%}
    {{ 'order by ' ~ column if not is_incremental() }}
{%- endmacro %}
