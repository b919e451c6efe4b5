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
        on models.status_since_at = champion.status_since_at
    where models.status = 'retired'

)

select * from final
