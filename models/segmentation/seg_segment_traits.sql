with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}
    where record = 'trait'

),

models as (

    select * from {{ ref('seg_models') }}
    where is_champion

),

final as (

    select
        {{ surrogate_key(['artifacts.segment_id', 'artifacts.feature']) }} as segment_trait_id,
        artifacts.segment_id,
        artifacts.feature,
        max(case when artifacts.name = 'mean' then artifacts.value end) as mean,
        max(case when artifacts.name = 'population_mean' then artifacts.value end)
            as population_mean,
        max(case when artifacts.name = 'z_score' then artifacts.value end) as z_score
    from artifacts
    inner join models
        on artifacts.model_version = models.model_version
    group by artifacts.segment_id, artifacts.feature

)

select * from final
