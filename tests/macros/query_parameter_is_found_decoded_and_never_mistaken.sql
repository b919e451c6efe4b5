with

cases as (

    select
        unnest([
            'https://shop.example/?utm_source=news%20letter+one&b=2#c',
            'utm_source=first&utm_source=second',
            'a=1&utm_source=',
            'a=1&not_utm_source=x',
            'https://shop.example/utm_source=x',
            'utm_source=50%',
            null
        ]) as given,
        unnest([
            'news letter one',
            'first',
            null,
            null,
            null,
            '50%',
            null
        ]) as expected

),

final as (

    select
        given,
        expected,
        {{ query_parameter('given', 'utm_source') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
