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

final as (

    select
        {{ mean_of_first('worth', ['place'], 2) }} as first_two,
        {{ mean_of_first('worth', ['place'], 9) }} as all_of_them,
        max({{ dot_product(number_list(['1', '2']), number_list(['3', '0.5'])) }}) as product
    from donors

)

select * from final
where
    first_two <> 4
    or all_of_them <> 6
    or product <> 4
