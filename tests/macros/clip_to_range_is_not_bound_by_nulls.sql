with

cases as (

    select
        unnest([-5, 99, 3]) as given,
        unnest([null, null, 5]) as other,
        unnest([-5, 99, 5]) as expected

),

final as (

    select
        given,
        other,
        expected,
        {{ clip_to_range('given', 'other', 'null') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
