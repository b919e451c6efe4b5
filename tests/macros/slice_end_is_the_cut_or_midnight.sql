with

cases as (

    select
        unnest([
            timestamp '2026-01-02 09:59:59',
            timestamp '2026-01-02 10:00:00',
            timestamp '2026-01-02 10:00:00.000001',
            timestamp '2026-01-02 10:00:00',
            timestamp '2026-01-03 00:00:00'
        ]) as given,
        unnest([
            timestamp '2026-01-02 10:00:00',
            timestamp '2026-01-02 10:00:00',
            timestamp '2026-01-02 10:00:00',
            null,
            timestamp '2026-01-02 10:00:00'
        ]) as other,
        unnest([
            timestamp '2026-01-02 10:00:00',
            timestamp '2026-01-02 10:00:00',
            timestamp '2026-01-03 00:00:00',
            timestamp '2026-01-03 00:00:00',
            timestamp '2026-01-03 00:00:00'
        ]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ slice_end('given', "date '2026-01-02'", 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
