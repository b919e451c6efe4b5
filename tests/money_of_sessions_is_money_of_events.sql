{{ config(tags=['weekly']) }}
-- A join that doubles rows would double revenue: the sums must agree to the last digit.
with

sessions as (

    select coalesce(sum(revenue), 0) as revenue from {{ ref('fct_sessions') }}

),

events as (

    select coalesce(sum(revenue), 0) as revenue from {{ ref('fct_events') }}
    where event_name = 'purchase'

)

select
    sessions.revenue as session_revenue,
    events.revenue as event_revenue
from sessions
cross join events
where sessions.revenue <> events.revenue
