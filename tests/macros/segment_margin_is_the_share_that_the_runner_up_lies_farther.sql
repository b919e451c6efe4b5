with

cases as (

    select
        unnest([1, 3, 2, 0, 5]) as nearest,
        unnest([4, 3, null, 0, 10]) as next_one,
        unnest([0.75, 0, 1, 1, 0.5]) as expected

),

final as (

    select
        nearest,
        next_one,
        expected,
        {{ segment_margin('nearest', 'next_one') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
