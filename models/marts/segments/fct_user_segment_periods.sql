{{ config(materialized='view') }}

with

changes as (

    select * from {{ ref('seg_segment_changes') }}
    where operation in ('entered', 'moved', 'exited')

),

followed as (

    select
        *,
        lead(changed_at) over (
            partition by user_id
            order by changed_at, change_number
        ) as next_changed_at
    from changes

),

final as (

    select
        {{ surrogate_key(['user_id', 'change_id']) }} as period_id,
        user_id,
        to_segment_id as segment_id,
        model_version,
        change_cause,
        next_changed_at is null as is_current,
        changed_at as valid_from,
        next_changed_at as valid_to
    from followed
    where
        to_segment_id is not null
        -- a correction at the same moment leaves no time in the segment it corrects
        and (next_changed_at is null or next_changed_at > changed_at)

)

select * from final
