with

cases as (

    select
        unnest([
            timestamp '2026-01-01 00:00:00',
            timestamp '2026-01-01 00:00:00',
            timestamp '2026-01-01 00:00:00.5',
            null
        ]) as given,
        unnest([
            timestamp '2026-01-01 00:00:09.999999',
            timestamp '2026-01-01 00:00:10',
            timestamp '2026-01-01 00:00:00',
            timestamp '2026-01-01 00:00:00'
        ]) as other,
        unnest([9, 10, -1, null]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ seconds_between('given', 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
