with

cases as (

    select
        unnest([-6, -5, 0, 3, 10, 20, 21, null]) as given,
        unnest([null, 0, 0, 3, 10, 10, null, null]) as expected,
        unnest([-6, -5, 0, 3, 10, 20, 21, null]) as expected_unbound

),

final as (

    select
        given,
        expected,
        expected_unbound,
        {{ known_in_range('given', '-5', '20', '0', '10') }} as actual,
        {{ known_in_range('given', 'null', 'null', 'null', 'null') }} as actual_unbound
    from cases

)

select * from final
where
    actual is distinct from expected
    or actual_unbound is distinct from expected_unbound
