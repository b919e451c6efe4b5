with

cases as (

    select
        unnest([1, 2, 4, 5, 9]) as moment,
        unnest([1, 2, 2, 2, 1]) as expected_before,
        unnest([1, 2, 3, 4, 5]) as expected_so_far,
        'x' as side

),

final as (

    select
        *,
        count(*) over {{ range_window('side', 'moment', '2 preceding', '0 following') }}
            as actual_before,
        count(*) over {{ range_window('side', 'moment', 'unbounded preceding', '0 following') }}
            as actual_so_far
    from cases

)

select * from final
where
    actual_before <> expected_before
    or actual_so_far <> expected_so_far
