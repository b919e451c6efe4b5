with

cases as (

    select
        unnest(['googlebot/2.1', 'firefox', 'a', null]) as given,
        unnest(['bot', 'bot', '', 'a']) as other,
        unnest([true, false, true, null]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ text_matches('given', 'other') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
