{{ config(severity='warn', tags=['weekly']) }}

-- The newest look at the champion says act: the next run that may fit does.
with

looks as (

    select
        *,
        row_number() over (order by watched_at desc) as look_number
    from {{ ref('fct_model_daily') }}
    where watched_at is not null

)

select
    day,
    model_version,
    reason
from looks
where
    look_number = 1
    and status = 'act'
