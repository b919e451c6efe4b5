with

cases as (

    select
        unnest(['b', 'a', null, 'b', 'd']) as given,
        unnest([2, 1, 3, 4, 5]) as place

),

final as (

    select
        {{ first_texts('given', 'place', '>', 3) }} as few,
        {{ first_texts('given', 'place', '>', 9) }} as every
    from cases

)

select * from final
where
    few is distinct from 'a>b>b'
    or every is distinct from 'a>b>b>d'
