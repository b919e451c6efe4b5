{#-
    A table in fewer steps than dbt-duckdb takes: made beside its place, and put there in the
    same transaction. DuckDB takes a `drop` and a `rename` back with the rest, so nothing has to
    be kept for the case that a run is killed, and nothing of an earlier run lies in the way.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] -%}

    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
    {%- set language = model['language'] -%}

    -- a Python model writes in a transaction of its own, whose table a killed run can leave
    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main', language=language) -%}
        {{ create_table_as(False, intermediate_relation, compiled_code, language) }}
    {%- endcall %}

    {% call statement('put_in_place') -%}
        {{ put_in_place(intermediate_relation, target_relation, existing_relation) }}
    {%- endcall %}

    {% do create_indexes(target_relation) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{%- endmaterialization %}


{#- Statements that give a table the name of another, or of nothing. -#}
{% macro put_in_place(intermediate_relation, target_relation, existing_relation) -%}
    {{ drop_standing(existing_relation) }}
    alter table {{ intermediate_relation }} rename to {{ adapter.quote(target_relation.identifier) }}
{%- endmacro %}


{#- The statement that makes room for a relation; nothing where nothing stands. -#}
{% macro drop_standing(existing_relation) -%}
    {%- if existing_relation is not none -%}
        drop {{ existing_relation.type }} {{ existing_relation }};
    {%- endif -%}
{%- endmacro %}
