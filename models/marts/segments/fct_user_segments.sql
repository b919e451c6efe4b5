{{ config(materialized='view') }}

with

assigned as (

    select * from {{ ref('seg_users__assigned') }}

),

final as (

    select
        user_id,
        segment_id,
        model_version,
        runner_up_segment_id,
        method,
        top_drivers,
        distance,
        margin,
        confidence,
        is_ambiguous,
        is_outlier,
        is_cold_start,
        as_of
    from assigned

)

select * from final
