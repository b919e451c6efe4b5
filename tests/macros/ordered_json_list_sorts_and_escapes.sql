with

cases as (

    select
        unnest(['b', 'a "quoted" one', 'c']) as given,
        unnest([2, 1, 3]) as place

),

final as (

    select {{ ordered_json_list('given', 'place') }} as actual
    from cases

)

select * from final
where actual is distinct from '["a \"quoted\" one","b","c"]'
