with

-- kindred.segmentation.guessing.is_held_out says the same of these
cases as (

    select
        'u00000' as user_id,
        false as expected

)

select * from cases
where ({{ held_out('user_id') }}) is distinct from expected
