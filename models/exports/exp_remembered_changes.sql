with

rows_out as (

    select * from {{ ref('seg_segment_changes') }}

),

final as (

    select
        change_id,
        change_number,
        user_id,
        operation,
        from_segment_id,
        to_segment_id,
        model_version,
        change_cause,
        changed_at
    from rows_out

)

select * from final
