with

cases as (

    select
        unnest([-5, 0, 3, 10, 99, null]) as given,
        unnest([0, 0, 3, 10, 10, null]) as expected

),

final as (

    select
        given,
        expected,
        {{ clip_to_range('given', '0', '10') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
