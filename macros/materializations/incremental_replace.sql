{#-
    The incremental strategy `replace`: what a run hands over takes the place of all rows
    with the same key, which may be of several columns. A row with `is_removed` only takes away:
    its key has nothing left.
    So a merge that was killed can simply be run again, and nothing stays behind.
-#}
{% macro get_incremental_replace_sql(arg_dict) %}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set key = key if key is string else key | join(', ') -%}

    delete from {{ arg_dict['target_relation'] }}
    where ({{ key }}) in (select {{ key }} from {{ arg_dict['temp_relation'] }});

    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    where not is_removed
{% endmacro %}
