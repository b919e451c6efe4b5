with

source as (

    select * from {{ source('growthbook', 'exposures') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        nullif(trim(login), '') as login,
        nullif(trim(anonymous_id), '') as anonymous_id,
        nullif(trim(experiment_id), '') as outside_experiment_id,
        nullif(trim(variation_id), '') as outside_arm_id,

        -- text
        payload_hash,

        -- times
        exposed_at,
        loaded_at,
        {{ unusable_reason(
            "coalesce(nullif(trim(login), ''), nullif(trim(anonymous_id), ''))",
            'exposed_at',
            'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
