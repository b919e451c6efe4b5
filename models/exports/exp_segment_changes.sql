with

segment_changes as (

    select * from {{ ref('fct_segment_changes') }}

),

final as (

    select
        change_id,
        change_number,
        user_id,
        op,
        from_segment_id,
        to_segment_id,
        change_cause,
        changed_at
    from segment_changes

)

select * from final
