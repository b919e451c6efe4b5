with

cases as (

    select
        'a' as label,
        2 as first_order,
        'x' as second_order
    union all
    select
        'b' as label,
        1 as first_order,
        'z' as second_order
    union all
    select
        'c' as label,
        1 as first_order,
        'y' as second_order

),

final as (

    select
        {{ nth_by('label', ['first_order', 'second_order'], 1) }} as first_label,
        {{ nth_by('label', ['first_order', 'second_order'], 2) }} as second_label,
        {{ nth_by('label', ['first_order', 'second_order'], 4) }} as fourth_label
    from cases

)

select * from final
where
    first_label is distinct from 'c'
    or second_label is distinct from 'b'
    or fourth_label is not null
