with

cases as (

    select
        unnest([null, 'a', 'a', 'a', 'a', 'a']) as given,
        unnest([
            null,
            null,
            timestamp '2026-01-01 11:00:00',
            timestamp '2026-01-01 11:00:00.000001',
            timestamp '1990-01-01 00:00:00',
            timestamp '1989-12-31 23:59:59'
        ]) as occurred_at,
        unnest([
            'no_id', 'impossible_time', null, 'impossible_time', null, 'impossible_time'
        ]) as expected

),

final as (

    select
        given,
        occurred_at,
        expected,
        {{ unusable_reason('given', 'occurred_at', "timestamp '2026-01-01 10:00:00'") }} as actual
    from cases

)

select * from final
where actual is distinct from expected
