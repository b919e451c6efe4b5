{#-
    dbt's `persist_docs` as one statement. dbt asks twice which columns there are before it comments
    on them; where a contract is enforced, the described columns are those.
-#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set comments -%}
        {%- if for_relation and config.persist_relation_docs() and model.description -%}
            {{ alter_relation_comment(relation, model.description) }}
        {%- endif -%}
        {%- if for_columns and config.persist_column_docs() -%}
            {%- for column in model.columns.values() if column.description -%}
                comment on column {{ relation }}.{{ adapter.quote(column.name) }} is
                {{ duckdb_escape_comment(column.description) }};
            {% endfor -%}
        {%- endif -%}
    {%- endset -%}
    {%- if comments | trim -%}
        {% call statement('persist_docs') %}{{ comments }}{% endcall %}
    {%- endif -%}
{%- endmacro %}
