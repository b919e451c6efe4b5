with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}
    where record = 'center'

),

final as (

    select
        {{ surrogate_key(['model_version', 'segment_id', 'feature']) }} as segment_center_id,
        model_version,
        segment_id,
        cluster_number,
        feature,
        value as center
    from artifacts

)

select * from final
