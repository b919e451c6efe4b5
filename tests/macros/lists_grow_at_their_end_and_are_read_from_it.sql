with

cases as (

    select
        1 as one,
        2 as two

),

lists as (

    select
        {{ list_of('one') }} as short,
        {{ list_with(list_of('one'), 'two') }} as long
    from cases

),

final as (

    select
        {{ event_ids_json(last_of_list('long', '1')) }} as last_of_two,
        {{ event_ids_json(last_of_list('long', '5')) }} as all_of_two,
        {{ event_ids_json('short') }} as only_one
    from lists

)

select * from final
where
    last_of_two is distinct from '["0000000000000002"]'
    or all_of_two is distinct from '["0000000000000001","0000000000000002"]'
    or only_one is distinct from '["0000000000000001"]'
