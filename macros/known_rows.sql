{#-
    Rows of a question that is asked before the query is planned, so that the engine opens and
    plans only what they call for; `none` where one of the relations it asks is not there yet, as
    in a unit test.
-#}
{% macro known_rows(question, relations) -%}
    {%- for relation in relations -%}
        {%- if not (execute and relation.schema and load_relation(relation)) -%}
            {{ return(none) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(run_query(question).rows) }}
{%- endmacro %}
