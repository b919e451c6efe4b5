with

-- on whom guessing is learned and judged
wanted as (

    select
        users.user_id,
        users.acquisition_channel,
        users.as_of
    from {{ ref('int_users__current') }} as users
    inner join {{ ref('seg_fit_sample') }} as fit_sample
        on users.user_id = fit_sample.user_id
    -- who was drawn for an earlier fit may have become too new since
    where not users.is_cold_start

),

known as (

    select * from {{ ref('int_users__known') }}

),

sessions as (

    select * from {{ ref('int_sessions__measured') }}

),

{{ first_sessions_of_wanted() }},

final as (

    select
        user_id,
        {%- for category in first_session_categories() %}
            {{ category }},
        {%- endfor %}
        {%- for number in first_session_numbers() %}
            {{ number }},
        {%- endfor %}
        has_session,
        {{ held_out('user_id') }} as is_held_out
    from first_sessions

)

select * from final
