with

cases as (

    select
        unnest([1, 1, 1, 1, 1, 1, 2, 2, null, 1]) as given,
        unnest(['=', '!=', '>', '>=', '<', '<=', '>', '<', '=', 'like']) as operator,
        unnest([true, false, false, true, false, true, true, false, null, null])
            as expected

),

final as (

    select
        given,
        operator,
        expected,
        {{ compares('given', 'operator', '1') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
