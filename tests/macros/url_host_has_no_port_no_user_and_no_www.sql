with

cases as (

    select
        unnest([
            'https://www.Shop.example:8080/a?b=c',
            'http://me:secret@shop.example/a',
            '//shop.example',
            'android-app://com.example.app/x',
            'not a url',
            '/only/a/path',
            '',
            null
        ]) as given,
        unnest([
            'shop.example',
            'shop.example',
            'shop.example',
            'com.example.app',
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
        {{ url_host('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
