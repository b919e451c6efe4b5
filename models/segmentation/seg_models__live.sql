with

models as (

    select * from {{ ref('seg_models') }}

),

champion as (

    select * from models
    where is_champion

),

final as (

    select
        model_version,
        true as is_champion
    from champion

    union all

    -- in the run that promotes, the model before it tells whether users moved by themselves
    select
        models.model_version,
        false as is_champion
    from models
    inner join champion
        on models.status_run_id = champion.status_run_id
    where
        models.status = 'retired'
        and models.shadow_id is null

    union all

    -- shadows score everyone too, and name no segment that anybody is given
    select
        model_version,
        false as is_champion
    from models
    where status = 'shadow'

)

select * from final
