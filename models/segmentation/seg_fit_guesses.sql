with

held_out as (

    select * from {{ ref('seg_fit_first_sessions') }}
    where is_held_out

),

-- who is judged on gets every guess
asked as (

    select
        *,
        'cold_start' as method
    from held_out
    where has_session

    union all

    select
        *,
        'prior' as method
    from held_out

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
