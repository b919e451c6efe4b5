with

cases as (

    select
        unnest([
            'https://shop.example/?fbclid=f&gclid=g',
            'li_fat_id=l',
            'https://shop.example/?id=1',
            null
        ]) as given,
        unnest(['gclid', 'li_fat_id', null, null]) as expected

),

final as (

    select
        given,
        expected,
        {{ click_id_kind('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
