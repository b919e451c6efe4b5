with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

days as (

    -- a day ends at midnight
    select {{ add_seconds('cast(min(active_date) as timestamp)', 86400) }} as first_at
    from {{ ref('int_user_days') }}

),

weeks as (

    select {{ week_ends('days.first_at', 'clock.as_of') }} as as_of
    from clock
    cross join days

),

final as (

    select
        'current' as period,
        as_of
    from clock

    union all

    select
        'week' as period,
        as_of
    from weeks
    where as_of is not null

)

select * from final
