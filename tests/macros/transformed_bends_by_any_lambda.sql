with

cases as (

    select
        unnest([3, 3, -3, -3, 3, -3]) as given,
        unnest([0, 1, 1, 0, 0.5, 0.5]) as other,
        unnest([
            ln(4), 3, -3, -7.5, 2, -(power(4, 1.5) - 1) / 1.5
        ]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ transformed('given', "'yeo_johnson'", 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
