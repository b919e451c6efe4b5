{#-
    The sessions that a run touched, as two common table expressions to stand after `progress`:
    `touched_sessions` (new, changed or gone since this table was last written) and `touched_rows`
    (the events they have now, so that wide rows are looked up by one number). The table has a
    `visitor_key`, for a session goes only where its visitor's events were judged anew.
-#}
{% macro touched_sessions() -%}
touched_sessions as (

    select sessionized.session_key
    from {{ ref('int_events__sessionized') }} as sessionized
    inner join progress
        on sessionized.run_number > progress.read_until

    union

    select sessions.session_key
    from {{ ref('int_sessions__judged') }} as sessions
    inner join progress
        on sessions.run_number > progress.read_until

    union

    select stored.session_key
    from {{ this }} as stored
    left join {{ ref('int_sessions__judged') }} as sessions
        on stored.session_key = sessions.session_key
    where
        sessions.session_key is null
        and stored.visitor_key in (
            select judged.visitor_key
            from {{ ref('int_events__judged') }} as judged
            inner join progress
                on judged.run_number > progress.read_until
        )

),

touched_rows as (

    select sessionized.row_key
    from {{ ref('int_events__sessionized') }} as sessionized
    where
        sessionized.session_key in (select touched_sessions.session_key from touched_sessions)
        -- no event of long ago is looked at when no session of then was touched
        and sessionized.occurred_at >= (
            select min(sessions.started_at)
            from {{ ref('int_sessions__judged') }} as sessions
            where sessions.session_key in (select touched_sessions.session_key from touched_sessions)
        )

),
{%- endmacro %}
