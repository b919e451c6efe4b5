with

-- who is guessed for good gets the best guess
asked as (

    select
        *,
        case when has_session then 'cold_start' else 'prior' end as method
    from {{ ref('seg_users__first_sessions') }}

),

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}

),

models as (

    select * from {{ ref('seg_models') }}

),

{{ guesses_of_asked() }},

final as (

    select * from guesses

)

select * from final
