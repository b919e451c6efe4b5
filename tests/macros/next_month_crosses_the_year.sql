with

cases as (

    select
        unnest([date '2026-01-01', date '2025-12-01', null]) as given,
        unnest([date '2026-02-01', date '2026-01-01', null]) as expected

),

final as (

    select
        given,
        expected,
        {{ next_month('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
