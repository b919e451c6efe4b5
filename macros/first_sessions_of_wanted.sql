{#-
    CTEs that end with `first_sessions`: one row per user of `wanted`, as the user was when the first
    session ended, and nothing of later. The model has brought the CTEs `wanted` (`user_id`,
    `acquisition_channel`, `as_of`), `known` and `sessions`.
-#}
{% macro first_sessions_of_wanted() -%}
    known_wanted as (

        select
            wanted.user_id,
            wanted.acquisition_channel,
            wanted.as_of,
            known.first_session_key,
            known.country,
            known.gender,
            {{ days_between('cast(known.birth_date as timestamp)', 'wanted.as_of') }} / 365.25
                as age_years
        from wanted
        left join known
            on wanted.user_id = known.user_id

    ),

    -- few users, many sessions: those are looked for by these, and not the other way round
    sessions_wanted as (

        select
            sessions.*,
            known_wanted.user_id
        from known_wanted
        inner join sessions
            on known_wanted.first_session_key = sessions.session_key

    ),

    first_sessions as (

        select
            known_wanted.user_id,
            coalesce(sessions_wanted.channel_group, known_wanted.acquisition_channel, 'Unknown')
                as acquisition_channel,
            -- once there was a session, what later ones tell of a place is not known yet
            case
                when sessions_wanted.user_id is null then coalesce(known_wanted.country, 'Unknown')
                else coalesce(sessions_wanted.country, 'Unknown')
            end as country,
            coalesce(sessions_wanted.device, 'Unknown') as device,
            coalesce(known_wanted.gender, 'Unknown') as gender,
            case
                when known_wanted.age_years between 13 and 24.999 then '13-24'
                when known_wanted.age_years between 25 and 34.999 then '25-34'
                when known_wanted.age_years between 35 and 44.999 then '35-44'
                when known_wanted.age_years between 45 and 54.999 then '45-54'
                when known_wanted.age_years between 55 and 64.999 then '55-64'
                when known_wanted.age_years between 65 and 110 then '65+'
                else 'Unknown'
            end as age_band,
            {%- for number in first_session_numbers() %}
                cast(sessions_wanted.{{ number }} as double) as {{ number }},
            {%- endfor %}
            sessions_wanted.user_id is not null as has_session,
            sessions_wanted.started_at,
            known_wanted.as_of
        from known_wanted
        left join sessions_wanted
            on known_wanted.user_id = sessions_wanted.user_id

    )
{%- endmacro %}
