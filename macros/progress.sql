{#-
    What a run is about, as one row: its number, and up to which run this table has read. An
    incremental table reads the rows of runs after `read_until`; -1 is everything, because the
    table is new or because the rules have changed since. Each table keeps its own place, so a
    run that was killed or left a model out is caught up with by the next.
-#}
{% macro progress() -%}
    select
        runs.run_number,
        {% if is_incremental() -%}
            own.run_number as own_number,
            case when runs.reset_number > own.run_number then -1 else own.run_number end as read_until
        {%- else -%}
            -1 as own_number,
            -1 as read_until
        {%- endif %}
    from (
        select
            coalesce(max(run_number), 0) as run_number,
            max(case when is_reset then run_number end) as reset_number
        from {{ ref('int_batches__read') }}
    ) as runs
    {% if is_incremental() -%}
    cross join (select coalesce(max(run_number), 0) as run_number from {{ this }}) as own
    {%- endif %}
{%- endmacro %}
