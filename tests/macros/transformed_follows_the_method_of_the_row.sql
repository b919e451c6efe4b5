with

cases as (

    select
        unnest([3, 3, -3, 3, -3, 0, null]) as given,
        unnest([
            'none', 'log1p', 'log1p', 'yeo_johnson', 'yeo_johnson', 'yeo_johnson', 'log1p'
        ]) as other,
        unnest([3, ln(4), 0, 7.5, -ln(4), 0, null]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ transformed('given', 'other', '2') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
