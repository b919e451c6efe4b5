with

cases as (

    select
        unnest([1, 1, 0, null, 3]) as given,
        unnest([2, 0, 4, 4, null]) as other,
        unnest([0.5, null, 0, null, null]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ safe_ratio('given', 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
