with

cases as (

    select
        unnest([-1, 0, 1]) as seconds_after,
        timestamp '2026-01-09 00:00:00' as as_of

),

final as (

    select
        seconds_after,
        {{ known_at(add_seconds('as_of', 'seconds_after'), 'as_of') }} as actual,
        {{ 'seconds_after <= 0' if var('as_of') else 'true' }} as expected
    from cases

)

select * from final
where actual is distinct from expected
