with

source as (

    select * from {{ source('optimizely', 'decisions') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        nullif(trim(uuid), '') as decision_id,
        nullif(trim(visitor_id), '') as visitor_id,
        nullif(trim(experiment_id), '') as outside_experiment_id,
        nullif(trim(variation_id), '') as outside_arm_id,

        -- text
        payload_hash,

        -- booleans
        coalesce(is_holdback, false) as is_holdback,

        -- times
        exposed_at,
        loaded_at,
        {{ unusable_reason("nullif(trim(visitor_id), '')", 'exposed_at', 'loaded_at') }} as unusable_reason
    from source

)

select * from final
