with

cases as (

    select
        unnest([
            'https://shop.example/?fbclid=f&gclid=g',
            'fbclid=f',
            'https://shop.example/?id=1',
            null
        ]) as given,
        unnest(['g', 'f', null, null]) as expected

),

final as (

    select
        given,
        expected,
        {{ click_id('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
