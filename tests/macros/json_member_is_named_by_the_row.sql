with

cases as (

    select
        unnest(['{"a.b": "x", "c": 1}', '{"a.b": "x", "c": 1}', '{"c": 1}', 'no json', null])
            as given,
        unnest(['a.b', 'c', 'a.b', 'c', 'c']) as name,
        unnest(['x', '1', null, null, null]) as expected

),

final as (

    select
        expected,
        {{ json_member('given', 'name') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
