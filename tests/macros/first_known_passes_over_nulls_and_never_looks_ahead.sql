with

cases as (

    select
        unnest([1, 2, 3, 4, 5, 1, 2]) as place,
        unnest(['x', 'x', 'x', 'x', 'x', 'y', 'y']) as side,
        unnest([null, 'a', null, 'b', null, null, 'c']) as given,
        unnest([null, 'a', 'a', 'a', 'a', null, 'c']) as expected

),

final as (

    select
        *,
        {{ first_known('given', 'partition by side order by place') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
