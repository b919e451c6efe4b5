{#-
    A table as the last run left it, for a model that the table itself reads; none when it is
    not there yet or is about to be built anew. The one way to look at what a later model knew.
-#}
{% macro last_state(model_name) -%}
    {%- if not execute or flags.FULL_REFRESH -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(adapter.get_relation(
        database=this.database, schema=this.schema, identifier=model_name
    )) }}
{%- endmacro %}
