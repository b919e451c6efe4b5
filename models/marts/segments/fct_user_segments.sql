with

assigned as (

    select * from {{ ref('seg_users__assigned') }}

),

explained as (

    select * from {{ ref('seg_users__explained') }}

),

final as (

    select
        assigned.user_id,
        assigned.segment_id,
        assigned.model_version,
        assigned.runner_up_segment_id,
        assigned.method,
        explained.top_drivers,
        assigned.distance,
        assigned.margin,
        assigned.confidence,
        assigned.is_ambiguous,
        assigned.is_outlier,
        assigned.is_cold_start,
        assigned.as_of
    from assigned
    left join explained
        on assigned.user_id = explained.user_id

)

select * from final
