with

cases as (

    select
        unnest(['b', 'a', null, 'b']) as given,
        unnest([2, 1, 3, 4]) as place

),

final as (

    select {{ ordered_text('given', 'place', '>') }} as actual
    from cases

)

select * from final
where actual is distinct from 'a>b>b'
