with

cases as (

    select
        unnest([null, 'b', 'a', null]) as given,
        unnest([1, 2, 3, 4]) as place

),

final as (

    select
        {{ first_by('given', 'place') }} as first_value,
        {{ last_by('given', 'place') }} as last_value,
        {{ first_by('given', '-place') }} as first_from_the_end
    from cases

)

select * from final
where
    first_value is distinct from 'b'
    or last_value is distinct from 'a'
    or first_from_the_end is distinct from 'a'
