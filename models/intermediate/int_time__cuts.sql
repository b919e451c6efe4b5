with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

windows as (

    select * from {{ ref('feature_windows') }}

),

edges as (

    -- the moment itself and the far edge of each window
    select
        0 as window_days,
        as_of as cut_at
    from clock

    union all

    select
        windows.window_days,
        {{ add_seconds('clock.as_of', '-86400 * windows.window_days') }} as cut_at
    from clock
    cross join windows

),

dated as (

    select
        window_days,
        cut_at,
        -- a day runs from just after midnight to midnight, like every window
        cast({{ add_seconds('cut_at', '-0.000001') }} as date) as cut_date
    from edges

),

final as (

    select
        window_days,
        cut_at,
        cut_date,
        cast(cut_date as timestamp) as starts_at,
        {{ add_seconds('cast(cut_date as timestamp)', 86400) }} as ends_at
    from dated

)

select * from final
