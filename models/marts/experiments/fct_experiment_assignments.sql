{{ config(tags=['weekly']) }}

with

measured as (

    select * from {{ ref('seg_experiments__measured') }}

),

experiments as (

    select * from {{ ref('experiments') }}

),

final as (

    select
        -- ids
        {{ surrogate_key(['measured.experiment_id', 'measured.user_id']) }} as experiment_assignment_id,
        measured.experiment_id,
        measured.user_id,
        measured.unit_id,
        measured.segment_id,
        measured.persona_id,

        -- text
        measured.arm,
        experiments.unit,

        -- numbers
        cast(measured.conversion as bigint) as conversion,
        measured.order_count,
        measured.revenue,
        measured.engagement,

        -- booleans
        measured.is_excluded,

        -- times
        measured.first_exposed_at
    from measured
    inner join experiments
        on measured.experiment_id = experiments.experiment_id

)

select * from final
