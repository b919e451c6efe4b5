{{ config(materialized='view') }}

with

changes as (

    select * from {{ ref('seg_segment_changes') }}

),

final as (

    select
        change_id,
        change_number,
        user_id,
        operation as op,
        from_segment_id,
        to_segment_id,
        change_cause,
        model_version,
        changed_at
    from changes
    where operation in ('entered', 'moved', 'exited')

)

select * from final
