with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}
    where record in ('center', 'center_scale', 'center_offset')

),

places as (

    select
        model_version,
        segment_id,
        cluster_number,
        name as core,
        feature,
        max(case when record = 'center' then value end) as center,
        max(case when record = 'center_scale' then value end) as scale
    from artifacts
    where record in ('center', 'center_scale')
    group by model_version, segment_id, cluster_number, name, feature

),

offsets as (

    select
        model_version,
        segment_id,
        cluster_number,
        name as core,
        value as squared_offset
    from artifacts
    where record = 'center_offset'

),

-- noise has an offset and no place
cores as (

    select
        model_version,
        segment_id,
        cluster_number,
        core,
        feature,
        center,
        coalesce(scale, 1) as scale
    from places

    union all

    select
        offsets.model_version,
        offsets.segment_id,
        offsets.cluster_number,
        offsets.core,
        cast(null as varchar) as feature,
        cast(null as double) as center,
        cast(null as double) as scale
    from offsets
    left join places
        on
            offsets.model_version = places.model_version
            and offsets.segment_id = places.segment_id
            and offsets.core = places.core
    where places.core is null

),

final as (

    select
        {{ surrogate_key([
            'cores.model_version', 'cores.segment_id', 'cores.core', 'cores.feature'
        ]) }} as segment_center_id,
        cores.model_version,
        cores.segment_id,
        cores.cluster_number,
        cores.core,
        cores.feature,
        cores.center,
        cores.scale,
        coalesce(offsets.squared_offset, 0) as squared_offset
    from cores
    left join offsets
        on
            cores.model_version = offsets.model_version
            and cores.segment_id = offsets.segment_id
            and cores.core = offsets.core

)

select * from final
