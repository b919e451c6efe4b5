{% set timeline = 'partition by side order by place' %}

with

cases as (

    select
        unnest([1, 2, 3, 4, 5, 1, 2]) as place,
        unnest(['x', 'x', 'x', 'x', 'x', 'y', 'y']) as side,
        unnest([null, 'a', null, 'b', null, null, 'c']) as given,
        unnest([null, 'a', 'a', 'a', 'a', null, 'c']) as expected_first,
        unnest([null, 'a', 'a', 'b', 'b', null, 'c']) as expected_last

),

final as (

    select
        *,
        {{ first_known('given', timeline) }} as actual_first,
        {{ last_known('given', timeline) }} as actual_last
    from cases

)

select * from final
where
    actual_first is distinct from expected_first
    or actual_last is distinct from expected_last
