with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

windows as (

    select * from {{ ref('feature_windows') }}

),

final as (

    -- the moment itself and the far edge of each window
    select as_of as cut_at from clock

    union

    select {{ add_seconds('clock.as_of', '-86400 * windows.window_days') }} as cut_at
    from clock
    cross join windows

)

select
    cut_at,
    -- a day runs from just after midnight to midnight, like every window
    cast({{ add_seconds('cut_at', '-0.000001') }} as date) as cut_date
from final
