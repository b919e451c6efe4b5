with

periods as (

    select * from {{ ref('fct_user_segment_periods') }}

),

changes as (

    select * from {{ ref('fct_segment_changes') }}

),

user_days as (

    select
        user_id,
        active_date,
        sum(order_count) as order_count,
        sum(revenue) as revenue,
        sum(engagement_weight) as engagement_weight
    from {{ ref('int_user_days') }}
    group by user_id, active_date

),

users as (

    select * from {{ ref('dim_users') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

span as (

    select min(valid_from) as first_at from periods

),

days as (

    select cast({{ days_series('span.first_at', 'clock.as_of') }} as date) as day
    from span
    cross join clock

),

ended_days as (

    -- a day is seen as it ended; the day that is still open, as of now
    select
        days.day,
        least({{ add_seconds('cast(days.day as timestamp)', 86400) }}, clock.as_of) as seen_at
    from days
    cross join clock

),

members as (

    select
        ended_days.day,
        periods.segment_id,
        count(*) as size,
        avg(users.satisfaction_score_cleaned) as satisfaction
    from ended_days
    inner join periods
        on
            ended_days.seen_at >= periods.valid_from
            and (periods.valid_to is null or ended_days.seen_at < periods.valid_to)
    left join users
        on periods.user_id = users.user_id
    group by ended_days.day, periods.segment_id

),

moves as (

    select
        cast(changed_at as date) as day,
        to_segment_id as segment_id,
        1 as entered,
        0 as exited
    from changes
    where to_segment_id is not null

    union all

    select
        cast(changed_at as date) as day,
        from_segment_id as segment_id,
        0 as entered,
        1 as exited
    from changes
    where from_segment_id is not null

),

move_sums as (

    select
        day,
        segment_id,
        cast(sum(entered) as bigint) as entered,
        cast(sum(exited) as bigint) as exited
    from moves
    group by day, segment_id

),

activity as (

    select
        ended_days.day,
        periods.segment_id,
        count(case when user_days.order_count > 0 then 1 end) as buyers,
        count(*) as active_users,
        sum(user_days.revenue) as revenue,
        sum(user_days.engagement_weight) as engagement_weight
    from ended_days
    inner join user_days
        on ended_days.day = user_days.active_date
    inner join periods
        on
            user_days.user_id = periods.user_id
            and ended_days.seen_at >= periods.valid_from
            and (periods.valid_to is null or ended_days.seen_at < periods.valid_to)
    group by ended_days.day, periods.segment_id

),

returned as (

    -- of the members of seven days before, who was active in the seven days since
    select
        ended_days.day,
        periods.segment_id,
        count(distinct user_days.user_id) as returned_users
    from ended_days
    inner join user_days
        on
            ended_days.day >= user_days.active_date
            and {{ days_before('ended_days.day', 7) }} < user_days.active_date
    inner join periods
        on
            user_days.user_id = periods.user_id
            and periods.valid_from <= {{ add_seconds('ended_days.seen_at', -7 * 86400) }}
            and (
                periods.valid_to is null
                or periods.valid_to > {{ add_seconds('ended_days.seen_at', -7 * 86400) }}
            )
    group by ended_days.day, periods.segment_id

),

members_before as (

    select
        ended_days.day,
        periods.segment_id,
        count(*) as size
    from ended_days
    inner join periods
        on
            periods.valid_from <= {{ add_seconds('ended_days.seen_at', -7 * 86400) }}
            and (
                periods.valid_to is null
                or periods.valid_to > {{ add_seconds('ended_days.seen_at', -7 * 86400) }}
            )
    group by ended_days.day, periods.segment_id

),

shares as (

    select
        *,
        {{ safe_ratio('size', 'sum(size) over (partition by day)') }} as share
    from members

),

final as (

    select
        {{ surrogate_key(['shares.day', 'shares.segment_id']) }} as segment_day_id,
        shares.day,
        shares.segment_id,
        shares.size,
        shares.share,
        coalesce(move_sums.entered, 0) as entered,
        coalesce(move_sums.exited, 0) as exited,
        coalesce({{ safe_ratio('activity.buyers', 'shares.size') }}, 0) as conversion,
        cast(coalesce(activity.revenue, 0) as decimal(18, 4)) as revenue,
        coalesce({{ safe_ratio('activity.revenue', 'shares.size') }}, 0) as revenue_per_user,
        coalesce({{ safe_ratio('activity.engagement_weight', 'shares.size') }}, 0) as engagement,
        coalesce({{ safe_ratio('activity.active_users', 'shares.size') }}, 0) as active_share,
        shares.satisfaction,
        {{ safe_ratio('returned.returned_users', 'members_before.size') }} as retention,
        -- one segment's part of the population stability index against a week before
        case
            when week_before.share > 0 and shares.share > 0
                then (shares.share - week_before.share) * ln(shares.share / week_before.share)
        end as psi
    from shares
    left join shares as week_before
        on
            shares.segment_id = week_before.segment_id
            and week_before.day = {{ days_before('shares.day', 7) }}
    left join move_sums
        on
            shares.day = move_sums.day
            and shares.segment_id = move_sums.segment_id
    left join activity
        on
            shares.day = activity.day
            and shares.segment_id = activity.segment_id
    left join members_before
        on
            shares.day = members_before.day
            and shares.segment_id = members_before.segment_id
    left join returned
        on
            shares.day = returned.day
            and shares.segment_id = returned.segment_id

)

select * from final
