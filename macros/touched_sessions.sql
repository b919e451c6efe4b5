{#-
    The sessions that a run touched, as a common table expression to stand after `progress`:
    `touched_sessions`, new, changed or gone since this table was last written. A session is told by
    its first event, so one that is gone had its key from an event that was judged or placed anew.
    `earliest` is what `earliest_touched` says.
-#}
{% macro touched_sessions(last_read, earliest) -%}
told_events as (

    select sessionized.event_key
    from {{ ref('int_events__sessionized') }} as sessionized
    where {{ since('sessionized', last_read) }}

    union

    select judged.event_key
    from {{ ref('int_events__judged') }} as judged
    where {{ since('judged', last_read) }}

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

    -- one that is as it was must not be named: its events are not looked for
    select told_events.event_key as session_key
    from told_events
    left join {{ ref('int_sessions__judged') }} as sessions
        on
            told_events.event_key = sessions.session_key
            -- a session begins with the event that tells it
            and {{ not_before('sessions.started_at', earliest) }}
    where sessions.session_key is null

),
{%- endmacro %}

{#- When the events occurred that were judged or placed anew, as a question. -#}
{% macro told_moments(last_read) -%}
    select judged.occurred_at as moment
    from {{ ref('int_events__judged') }} as judged
    where
        {{ since('judged', last_read) }}
        -- such a row was never kept, and its clock may be off by years
        and judged.unusable_reason is null

    union all

    select sessionized.occurred_at as moment
    from {{ ref('int_events__sessionized') }} as sessionized
    where {{ since('sessionized', last_read) }}
{%- endmacro %}

{#-
    The earliest moment that a run after `last_read` touched, as text that is known before the query
    is planned: when an event occurred that was judged or placed anew, or when a session began that
    changed or holds such an event. None where nothing is known yet, or nothing was touched.
-#}
{% macro earliest_touched(last_read) -%}
    {%- set first_told = earliest_of(last_read, told_moments(last_read)) -%}
    {%- set begun -%}
        select sessions.started_at as moment
        from {{ ref('int_sessions__judged') }} as sessions
        where {{ since('sessions', last_read) }}

        union all

        select sessions.started_at as moment
        from {{ ref('int_sessions__judged') }} as sessions
        where
            {{ not_before('sessions.ended_at', first_told) }}
            and sessions.session_key in (
                select sessionized.session_key
                from {{ ref('int_events__sessionized') }} as sessionized
                where {{ since('sessionized', last_read) }}
            )
    {%- endset -%}
    {{ return([first_told, earliest_of(last_read, begun)] | select | min | default(none, true)) }}
{%- endmacro %}

{#-
    That an event is of a touched session, as a condition. No event of long ago is looked at when no
    session of then was touched.
-#}
{% macro of_touched_session(earliest) -%}
    session_key in (select touched_sessions.session_key from touched_sessions)
        and {{ not_before('occurred_at', earliest) }}
{%- endmacro %}
