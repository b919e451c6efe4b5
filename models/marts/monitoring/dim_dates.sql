{{ config(materialized='view') }}

with

sessions as (

    select min(started_at) as first_at from {{ ref('int_sessions__judged') }}

),

orders as (

    select min(ordered_at) as first_at from {{ ref('int_orders__resolved') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

span as (

    select
        least(
            coalesce(sessions.first_at, clock.as_of),
            coalesce(orders.first_at, clock.as_of),
            clock.as_of
        ) as first_at,
        clock.as_of as last_at
    from clock
    cross join sessions
    cross join orders

),

final as (

    select cast({{ days_series('first_at', 'last_at') }} as date) as date_day
    from span

)

select * from final
