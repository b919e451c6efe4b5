with

cases as (

    select
        unnest([
            '{"coupon": "SPRING"}',
            '{"coupon": 7}',
            '{"coupon": null}',
            '{"other": 1}',
            '[1, 2]',
            'no json',
            null
        ]) as given,
        unnest(['SPRING', '7', null, null, null, null, null]) as expected

),

final as (

    select
        given,
        expected,
        {{ json_value('given', 'coupon') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
