with

donors as (

    select
        3 as place,
        10.0 as worth
    union all
    select
        1 as place,
        2.0 as worth
    union all
    select
        2 as place,
        6.0 as worth

),

-- a user's number and 1 times these: the squared distance less the square of the number
listed as (

    select
        {{ ordered_list('worth', 'place') }} as worths,
        {{ ordered_list(number_list(['-2 * place', 'place * place']), 'place') }} as places
    from donors

),

final as (

    select
        -- at 2.4 donors 2 and 3 are nearest; of donors 1 and 3, as far from 2, the first is taken;
        -- with nothing known all are equally near; from the second on, the first is nobody
        {{ mean_of_nearest('worths', 'places', 1, 3, number_list(['2.4', '1']), 2) }}
            as nearest_two,
        {{ mean_of_nearest('worths', 'places', 1, 3, number_list(['2', '1']), 2) }}
            as first_of_equals,
        {{ mean_of_nearest('worths', 'places', 1, 3, number_list(['0', '0']), 9) }}
            as all_of_them,
        {{ mean_of_nearest('worths', 'places', 2, 3, number_list(['0', '1']), 1) }}
            as from_the_second,
        {{ dot_product(number_list(['1', '2']), number_list(['3', '0.5'])) }} as product,
        {{ nth_of_list('worths', 2) }} as second,
        {{ nth_of_list('worths', 4) }} as beyond
    from listed

)

select * from final
where
    nearest_two <> 8
    or first_of_equals <> 4
    or all_of_them <> 6
    or from_the_second <> 6
    or product <> 4
    or second <> 6
    or beyond is not null
