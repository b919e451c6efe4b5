with

rows_out as (

    select * from {{ ref('seg_audience_changes') }}

),

final as (

    select
        change_number,
        user_id,
        operation,
        from_segment_id,
        to_segment_id,
        from_persona_id,
        to_persona_id,
        changed_at
    from rows_out

)

select * from final
