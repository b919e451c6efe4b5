with

cases as (

    select
        unnest([date '2026-01-01', date '2024-03-01', null]) as given,
        unnest([1, 1, 1]) as other,
        unnest([
            date '2025-12-31', date '2024-02-29', null
        ]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ days_before('given', 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
