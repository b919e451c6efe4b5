with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}
    where record = 'lineage'

),

final as (

    select
        artifact_id as lineage_id,
        model_version,
        cluster_number,
        segment_id,
        name as from_segment_id,
        text as relation,
        value as overlap,
        1 - value as match_cost,
        as_of
    from artifacts

)

select * from final
