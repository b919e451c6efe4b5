with

users as (

    select * from {{ ref('int_users__current') }}

),

known as (

    select * from {{ ref('int_users__known') }}

),

fit_sample as (

    select * from {{ ref('seg_fit_sample') }}

),

sessions as (

    select * from {{ ref('int_sessions__measured') }}

),

-- whose segment is guessed, and those on whom guessing is learned
wanted as (

    select
        users.user_id,
        users.acquisition_channel,
        users.is_cold_start,
        users.as_of
    from users
    left join fit_sample
        on users.user_id = fit_sample.user_id
    where
        users.is_cold_start
        or fit_sample.user_id is not null

),

first_sessions as (

    select
        sessions.*,
        wanted.user_id
    from wanted
    inner join known
        on wanted.user_id = known.user_id
    inner join sessions
        on known.first_session_key = sessions.session_key

),

aged as (

    select
        known.user_id,
        known.country,
        known.gender,
        {{ days_between('cast(known.birth_date as timestamp)', 'wanted.as_of') }} / 365.25
            as age_years
    from known
    inner join wanted
        on known.user_id = wanted.user_id

),

final as (

    select
        wanted.user_id,
        coalesce(first_sessions.channel_group, wanted.acquisition_channel, 'Unknown')
            as acquisition_channel,
        -- once there was a session, what later ones tell of a place is not known yet
        case
            when first_sessions.user_id is null then coalesce(aged.country, 'Unknown')
            else coalesce(first_sessions.country, 'Unknown')
        end as country,
        coalesce(first_sessions.device, 'Unknown') as device,
        coalesce(aged.gender, 'Unknown') as gender,
        case
            when aged.age_years between 13 and 24.999 then '13-24'
            when aged.age_years between 25 and 34.999 then '25-34'
            when aged.age_years between 35 and 44.999 then '35-44'
            when aged.age_years between 45 and 54.999 then '45-54'
            when aged.age_years between 55 and 64.999 then '55-64'
            when aged.age_years between 65 and 110 then '65+'
            else 'Unknown'
        end as age_band,
        {%- for number in first_session_numbers() %}
            cast(first_sessions.{{ number }} as double) as {{ number }},
        {%- endfor %}
        first_sessions.user_id is not null as has_session,
        wanted.is_cold_start,
        {{ held_out('wanted.user_id') }} as is_held_out,
        first_sessions.started_at,
        wanted.as_of
    from wanted
    left join first_sessions
        on wanted.user_id = first_sessions.user_id
    left join aged
        on wanted.user_id = aged.user_id

)

select * from final
