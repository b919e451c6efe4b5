with

paths as (

    select 'a>b>c' as path
    union all
    select 'alone' as path
    union all
    select cast(null as varchar) as path

),

steps as (

    select {{ unnest_steps('path', '>') }} as step from paths

)

select step from steps
where step not in ('a>b', 'b>c')

union all

select cast(count(*) as varchar) as step from steps
having count(*) <> 2
