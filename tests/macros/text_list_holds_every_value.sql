with

cases as (

    select unnest(['b', 'a', 'b']) as given

),

final as (

    select list_sort({{ text_list('given') }}) as actual
    from cases

)

select * from final
where actual is distinct from ['a', 'b', 'b']
