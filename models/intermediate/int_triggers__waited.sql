with

armed as (

    select * from {{ ref('int_triggers__armed') }}

),

clock as (

    select {{ epoch_microseconds('as_of') }} as as_of_microseconds
    from {{ ref('int_time__resolved') }}

),

final as (

    select
        armed.rule_id,
        armed.user_id,
        armed.key_value,
        armed.event_id,
        armed.started_microseconds,
        armed.due_microseconds as fired_microseconds
    from armed
    cross join clock
    where
        armed.due_microseconds <= clock.as_of_microseconds
        -- what happens at the very end of the wait still happens in it
        and (
            armed.next_end_microseconds is null
            or armed.next_end_microseconds > armed.due_microseconds
        )

)

select * from final
