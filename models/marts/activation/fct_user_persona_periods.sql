{{ config(materialized='view') }}

with

changes as (

    select * from {{ ref('seg_persona_changes') }}

),

followed as (

    select
        *,
        lead(changed_at) over (
            partition by user_id
            order by change_number
        ) as next_changed_at
    from changes

),

final as (

    select
        change_id as period_id,
        user_id,
        to_persona_id as persona_id,
        rule_id,
        to_source as source,
        from_persona_id,
        next_changed_at is null as is_current,
        changed_at as valid_from,
        next_changed_at as valid_to
    from followed
    where
        to_persona_id is not null
        -- a correction at the same moment leaves no time in the persona it corrects
        and (next_changed_at is null or next_changed_at > changed_at)

)

select * from final
