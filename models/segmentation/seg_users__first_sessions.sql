with

-- whose segment is guessed
wanted as (

    select
        user_id,
        acquisition_channel,
        as_of
    from {{ ref('int_users__current') }}
    where is_cold_start

),

known as (

    select * from {{ ref('int_users__known') }}

),

sessions as (

    select * from {{ ref('int_sessions__measured') }}

),

{{ first_sessions_of_wanted() }},

final as (

    select * from first_sessions

)

select * from final
