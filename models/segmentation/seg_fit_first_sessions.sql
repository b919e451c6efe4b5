with

first_sessions as (

    select * from {{ ref('seg_users__first_sessions') }}
    where not is_cold_start

),

final as (

    select
        user_id,
        {%- for category in first_session_categories() %}
            {{ category }},
        {%- endfor %}
        {%- for number in first_session_numbers() %}
            {{ number }},
        {%- endfor %}
        has_session
    from first_sessions

)

select * from final
