with

cases as (

    select
        unnest([
            '{"coupon":"SPRING","note":"call me"}',
            '{"coupon":{"note":1}}',
            '{"coupon ":1}',
            '{}',
            '[1, 2]',
            'no json',
            null
        ]) as given,
        unnest([
            '{"coupon":"SPRING"}',
            '{"coupon":{"note":1}}',
            null,
            null,
            null,
            null,
            null
        ]) as expected

),

final as (

    select
        given,
        expected,
        {{ json_allowed('given', "['coupon', 'method']") }} as actual
    from cases

)

select * from final
where actual is distinct from expected
