with

cases as (

    select
        unnest(['10.50', '-3', 'Direct', '', null]) as given,
        unnest([10.5, -3, null, null, null]) as expected

),

final as (

    select
        given,
        expected,
        {{ number_from_text('given') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
