with

cases as (

    select
        unnest(['a', null, 'b']) as given,
        unnest([1, 2, null]) as other,
        unnest(['a|1', '|2', 'b|']) as expected

),

final as (

    select
        given,
        other,
        md5(expected) as expected,
        {{ surrogate_key(['given', 'other']) }} as actual
    from cases

)

select * from final
where actual is distinct from expected
