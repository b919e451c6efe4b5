{{ config(tags=['weekly']) }}
-- Three marts tell how many users a segment has now: each counts everybody once.
with

users as (

    select
        segment_id,
        count(*) as size
    from {{ ref('fct_user_segments') }}
    group by segment_id

),

segments as (

    select
        segment_id,
        size
    from {{ ref('dim_segments') }}
    where size > 0

),

days as (

    select
        segment_id,
        size
    from {{ ref('fct_segment_daily') }}
    where day = (select max(newest.day) from {{ ref('fct_segment_daily') }} as newest)

)

select
    coalesce(users.segment_id, segments.segment_id, days.segment_id) as segment_id,
    users.size as user_count,
    segments.size as segment_size,
    days.size as last_day_size
from users
full outer join segments
    on users.segment_id = segments.segment_id
full outer join days
    on coalesce(users.segment_id, segments.segment_id) = days.segment_id
where
    users.size is distinct from segments.size
    or users.size is distinct from days.size
