{#-
    A view plus a parquet file of the same rows under the home's `exports/`. The file is
    written beside its place and then renamed into it, so that a reader sees the old file
    or the new one whole. (dbt-duckdb's own `external` writes in place, and gives an empty
    relation one row of nulls.)
-#}
{% materialization parquet_file, adapter='duckdb' -%}

    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set location = env_var('KINDRED_HOME', 'data') ~ '/exports/' ~ model.alias | replace('exp_', '', 1) ~ '.parquet' -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('main') -%}
        {{ drop_standing(existing_relation) }}
        {{ get_create_view_as_sql(target_relation, sql) }}
        copy (select * from {{ target_relation }}) to '{{ location | replace("'", "''") }}.tmp'
        (format parquet, compression zstd, compression_level 1)
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {% do adapter.store_relation('kindred', target_relation, [], location, 'parquet', config) %}

    {{ return({'relations': [target_relation]}) }}

{%- endmaterialization %}
