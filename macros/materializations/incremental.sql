{#-
    An incremental table in fewer steps than dbt-duckdb takes: the columns of both sides are asked
    for once, the new rows are put in and their temporary table is dropped in one statement, and
    everything is one transaction. Strategies and what a changed schema does are dbt's.
-#}
{% materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] -%}

    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
    {%- set language = model['language'] -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(
        config.get('on_schema_change'), default='ignore'
    ) -%}

    -- a Python model writes in a transaction of its own, whose table a killed run can leave
    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing_relation is none or existing_relation.is_view or should_full_refresh() -%}

        {% call statement('main', language=language) -%}
            {{ create_table_as(False, intermediate_relation, compiled_code, language) }}
        {%- endcall %}

        {% call statement('put_in_place') -%}
            {{ put_in_place(intermediate_relation, target_relation, existing_relation) }}
        {%- endcall %}
        {% do create_indexes(target_relation) %}

    {%- else -%}

        {%- set temp_relation = make_temp_relation(target_relation) -%}
        {% call statement('new_rows', language=language) -%}
            {{ create_table_as(True, temp_relation, compiled_code, language) }}
        {%- endcall %}

        {% call statement('columns', fetch_result=True) -%}
            select
                standing.column_name,
                standing.column_type is not distinct from new.column_type as is_same
            from (describe {{ existing_relation }}) as standing
            full join (describe {{ temp_relation }}) as new
                on standing.column_name = new.column_name
        {%- endcall %}
        {%- set columns = load_result('columns')['table'] -%}

        {%- if columns.columns['is_same'].values() | min -%}
            {%- set dest_columns = [] -%}
            {%- for name in columns.columns['column_name'].values() -%}
                {%- do dest_columns.append({'name': name}) -%}
            {%- endfor -%}
        {%- else -%}
            {%- set dest_columns = process_schema_changes(
                on_schema_change, temp_relation, existing_relation
            ) or adapter.get_columns_in_relation(existing_relation) -%}
        {%- endif -%}

        {%- set merge = adapter.get_incremental_strategy_macro(
            context, config.get('incremental_strategy') or 'default'
        ) -%}
        {% call statement('main') -%}
            {{ merge({
                'target_relation': target_relation,
                'temp_relation': temp_relation,
                'unique_key': config.get('unique_key'),
                'dest_columns': dest_columns,
                'incremental_predicates': config.get('predicates') or config.get('incremental_predicates'),
            }) }};
            drop table {{ temp_relation }}
        {%- endcall %}

    {%- endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}

{%- endmaterialization %}
