with

cases as (

    select
        unnest([
            timestamp '2026-01-01 00:00:00',
            timestamp '2026-01-01 00:00:00',
            timestamp '2026-01-01 00:00:00',
            null
        ]) as given,
        unnest([1800, -0.000001, 86400, 1]) as other,
        unnest([
            timestamp '2026-01-01 00:30:00',
            timestamp '2025-12-31 23:59:59.999999',
            timestamp '2026-01-02 00:00:00',
            null
        ]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ add_seconds('given', 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
