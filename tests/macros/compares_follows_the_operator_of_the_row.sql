with

cases as (

    select
        unnest([1, 1, 1, 1, 1, 1, 2, 2, null, 1]) as given,
        unnest(['=', '!=', '>', '>=', '<', '<=', '>', '<', '=', 'like']) as comparison,
        unnest([true, false, false, true, false, true, true, false, null, null])
            as expected

),

final as (

    select
        given,
        comparison,
        expected,
        {{ compares('given', 'comparison', '1') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
