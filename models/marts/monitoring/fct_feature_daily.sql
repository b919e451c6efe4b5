with

looks as (

    select * from {{ ref('seg_model_artifacts') }}
    where
        record = 'monitor'
        and name = 'psi'
        and feature is not null

),

numbered_looks as (

    select
        *,
        cast(as_of as date) as day,
        row_number() over (
            partition by cast(as_of as date), model_version, feature
            order by as_of desc
        ) as look_number
    from looks

),

final as (

    select
        artifact_id as feature_day_id,
        day,
        model_version,
        feature,
        value as psi,
        as_of as watched_at
    from numbered_looks
    where look_number = 1

)

select * from final
