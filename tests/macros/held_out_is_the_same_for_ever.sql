with

-- kindred.segmentation.guessing.is_held_out says the same of these; one a first digit
cases as (

    select
        'u00022' as user_id,
        true as expected
    union all
    select
        'u00010' as user_id,
        true as expected
    union all
    select
        'u00001' as user_id,
        true as expected
    union all
    select
        'u00014' as user_id,
        false as expected
    union all
    select
        'u00000' as user_id,
        false as expected
    union all
    select
        'u00016' as user_id,
        false as expected

)

select * from cases
where ({{ held_out('user_id') }}) is distinct from expected
