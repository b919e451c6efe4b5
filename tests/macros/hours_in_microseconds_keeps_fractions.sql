with

cases as (

    select
        unnest([0, 1, 0.5, 876000, null]) as given,
        unnest([0, 3600000000, 1800000000, 3153600000000000, null]) as expected

),

final as (

    select
        given,
        expected,
        {{ hours_in_microseconds('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
