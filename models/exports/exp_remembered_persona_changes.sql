with

rows_out as (

    select * from {{ ref('seg_persona_changes') }}

),

final as (

    select
        change_id,
        change_number,
        user_id,
        operation,
        from_persona_id,
        to_persona_id,
        from_source,
        to_source,
        rule_id,
        changed_at
    from rows_out

)

select * from final
