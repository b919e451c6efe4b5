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

{#-
    The run that an incremental table has read up to, as a number that is known before its query is
    planned: the engine then opens only the parts of a table that hold later runs, which it cannot
    for a number of a join. None where nothing is known yet: a new table, or a unit test.
-#}
{% macro known_read_until() -%}
    {%- if execute and is_incremental() and ref('int_batches__read').schema -%}
        {{ return(run_query('select read_until from (' ~ progress() ~ ') as progress').rows[0][0]) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{#-
    The earliest `moment` that a question finds, as text that is known before the query is planned;
    none where nothing is known yet or nothing is found.
-#}
{% macro earliest_of(last_read, moments) -%}
    {%- if last_read is none -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(run_query('select cast(min(moment) as varchar) from (' ~ moments ~ ') as moments').rows[0][0]) }}
{%- endmacro %}

{#-
    That a moment is not before one that is known as text, less some seconds, as a condition; `true`
    where none is known.
-#}
{% macro not_before(column, earliest, less_seconds=0) -%}
    {{ column ~ ' >= ' ~ add_seconds("cast('" ~ earliest ~ "' as timestamp)", -less_seconds) if earliest else 'true' }}
{%- endmacro %}

{#- The rows of runs that a table has not read yet, to stand after the common table `progress`. -#}
{% macro since(alias, last_read) -%}
    {{ alias }}.run_number > {{ '(select progress.read_until from progress)' if last_read is none else last_read }}
{%- endmacro %}
