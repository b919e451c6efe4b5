with

cases as (

    select
        'ordered' as kind,
        1.0 as first_strength,
        9.0 as second_strength,
        9.0 as third_strength,
        'b +2.0, c -0.5' as expected
    union all
    select
        'what is not positive has no say' as kind,
        0.0 as first_strength,
        -9.0 as second_strength,
        0.5 as third_strength,
        'c -0.5' as expected
    union all
    select
        'nothing' as kind,
        0.0 as first_strength,
        0.0 as second_strength,
        -1.0 as third_strength,
        cast(null as varchar) as expected

)

select * from cases
where
    {{ top_named([
        {'name': 'a', 'strength': 'first_strength', 'number': '1.0'},
        {'name': 'c', 'strength': 'third_strength', 'number': '-0.5'},
        {'name': 'b', 'strength': 'second_strength', 'number': '2.0'},
    ], 2) }} is distinct from expected
