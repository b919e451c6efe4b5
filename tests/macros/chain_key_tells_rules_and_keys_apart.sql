with

cases as (

    select
        unnest([1, 1, 2, 1]) as rule_number,
        unnest(['', 'p', 'p', 'q']) as key_value

),

final as (

    select count(distinct {{ chain_key('rule_number', 'key_value') }}) as key_count
    from cases

)

select * from final
where key_count <> 4
