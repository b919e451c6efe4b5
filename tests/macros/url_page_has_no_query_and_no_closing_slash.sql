with

cases as (

    select
        unnest([
            'https://www.shop.example/Shoes/?page=2#top',
            'https://shop.example/',
            'https://shop.example?x=1',
            '/only/a/path/',
            '',
            null
        ]) as given,
        unnest([
            'shop.example/Shoes',
            'shop.example',
            'shop.example',
            '/only/a/path',
            null,
            null
        ]) as expected

),

final as (

    select
        given,
        expected,
        {{ url_page('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
