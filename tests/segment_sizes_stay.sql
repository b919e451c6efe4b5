{{ config(severity='warn', tags=['weekly']) }}

-- Against a week before, the sizes of segments moved by a stability index above 0.25.
with

days as (

    select
        day,
        sum(psi) as psi,
        row_number() over (order by day desc) as day_number
    from {{ ref('fct_segment_daily') }}
    group by day

)

select
    day,
    psi
from days
where
    day_number = 1
    and psi > 0.25
