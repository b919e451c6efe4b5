{#-
    The sessions that a run touched, as a common table expression to stand after `progress`:
    `touched_sessions`, new, changed or gone since this table was last written. The table has a
    `visitor_key`, for a session goes only where its visitor's events were judged anew.
-#}
{% macro touched_sessions(last_read) -%}
touched_visitors as (

    select judged.visitor_key
    from {{ ref('int_events__judged') }} as judged
    where {{ since('judged', last_read) }}

),

visitors_sessions as (

    select judged.session_key
    from {{ ref('int_sessions__judged') }} as judged
    where judged.visitor_key in (select touched_visitors.visitor_key from touched_visitors)

),

touched_sessions as (

    select sessionized.session_key
    from {{ ref('int_events__sessionized') }} as sessionized
    where {{ since('sessionized', last_read) }}

    union

    select sessions.session_key
    from {{ ref('int_sessions__judged') }} as sessions
    where {{ since('sessions', last_read) }}

    union

    select stored.session_key
    from {{ this }} as stored
    left join visitors_sessions as sessions
        on stored.session_key = sessions.session_key
    where
        sessions.session_key is null
        and stored.visitor_key in (select touched_visitors.visitor_key from touched_visitors)

),
{%- endmacro %}

{#-
    That an event is of a touched session, as a condition. No event of long ago is looked at when no
    session of then was touched.
-#}
{% macro of_touched_session(last_read) -%}
    session_key in (select touched_sessions.session_key from touched_sessions)
        and {{ not_before_earliest(
            'occurred_at',
            last_read,
            "select sessions.started_at as moment from " ~ ref('int_sessions__judged') ~ " as sessions where "
            ~ since('sessions', last_read) ~ " or sessions.session_key in (select sessionized.session_key from "
            ~ ref('int_events__sessionized') ~ " as sessionized where " ~ since('sessionized', last_read) ~ ")"
        ) }}
{%- endmacro %}
