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

listed as (

    select
        {{ ordered_list('worth', 'place') }} as worths,
        {{ ordered_list(number_list(['place', '7']), 'place') }} as places,
        {{ ordered_list(number_list(['place * place', '0']), 'place') }} as squares
    from donors

),

final as (

    select
        -- at 2.4 donors 2 and 3 are nearest; of donors 1 and 3, as far from 2, the first is taken;
        -- with nothing known all are equally near
        {{ mean_of_nearest('worths', 'places', 'squares', number_list(['2.4', '0']), number_list(['1', '0']), 2) }}
            as nearest_two,
        {{ mean_of_nearest('worths', 'places', 'squares', number_list(['2', '0']), number_list(['1', '0']), 2) }}
            as first_of_equals,
        {{ mean_of_nearest('worths', 'places', 'squares', number_list(['0', '0']), number_list(['0', '0']), 9) }}
            as all_of_them,
        {{ dot_product(number_list(['1', '2']), number_list(['3', '0.5'])) }} as product
    from listed

)

select * from final
where
    nearest_two <> 8
    or first_of_equals <> 4
    or all_of_them <> 6
    or product <> 4
