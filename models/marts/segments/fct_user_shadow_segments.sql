{{ config(materialized='view') }}

with

scored as (

    select * from {{ ref('seg_users__scored') }}
    where
        period = 'current'
        and not is_champion

),

models as (

    select * from {{ ref('seg_models') }}
    where status = 'shadow'

),

final as (

    select
        scored.user_id,
        models.shadow_id,
        scored.model_version,
        scored.segment_id,
        scored.runner_up_segment_id,
        scored.distance,
        {{ segment_margin('scored.distance', 'scored.runner_up_distance') }} as margin,
        scored.confidence,
        scored.as_of
    from scored
    inner join models
        on scored.model_version = models.model_version

)

select * from final
