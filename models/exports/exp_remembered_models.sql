with

rows_out as (

    select * from {{ ref('seg_model_artifacts') }}

),

final as (

    select
        artifact_id,
        run_id,
        as_of,
        model_version,
        record,
        feature,
        segment_id,
        cluster_number,
        cluster_count,
        name,
        value,
        text
    from rows_out

)

select * from final
