with

cases as (

    select
        unnest([
            timestamp '2026-01-01 00:00:00',
            timestamp '2026-01-02 00:00:00',
            null
        ]) as given,
        unnest([
            timestamp '2026-01-02 12:00:00',
            timestamp '2026-01-01 00:00:00',
            timestamp '2026-01-01 00:00:00'
        ]) as other,
        unnest([1.5, -1.0, null]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ days_between('given', 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
