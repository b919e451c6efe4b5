{#-
    The sessions that a run touched, as two common table expressions to stand after `progress`,
    `sessions` and `sessionized`: `touched_sessions` (new, changed or gone since this table was last written)
    and `touched_rows` (the events they have now, so that wide rows are looked up by one number).
-#}
{% macro touched_sessions() -%}
touched_sessions as (

    select sessionized.session_key
    from sessionized
    inner join progress
        on sessionized.run_number > progress.read_until

    union

    select sessions.session_key
    from sessions
    inner join progress
        on sessions.run_number > progress.read_until

    union

    select stored.session_key
    from {{ this }} as stored
    left join sessions
        on stored.session_key = sessions.session_key
    where sessions.session_key is null

),

touched_rows as (

    select sessionized.row_key
    from sessionized
    where sessionized.session_key in (select touched_sessions.session_key from touched_sessions)

),
{%- endmacro %}
