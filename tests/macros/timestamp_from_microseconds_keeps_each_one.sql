with

cases as (

    select
        unnest([0, 1767225600000001, -1000000, null]) as given,
        unnest([
            timestamp '1970-01-01 00:00:00',
            timestamp '2026-01-01 00:00:00.000001',
            timestamp '1969-12-31 23:59:59',
            null
        ]) as expected

),

final as (

    select
        given,
        expected,
        {{ timestamp_from_microseconds('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
