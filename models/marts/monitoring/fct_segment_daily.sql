with

periods as (

    select * from {{ ref('fct_user_segment_periods') }}

),

changes as (

    select * from {{ ref('fct_segment_changes') }}

),

user_days as (

    select * from {{ ref('int_user_days') }}

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

-- what began at midnight is a week later compared with the day that this midnight ended
days as (

    select
        cast({{ days_series(add_seconds('span.first_at', '-0.000001'), 'clock.as_of') }} as date)
            as day
    from span
    cross join clock

),

last_day as (

    select
        cast(as_of as date) as day,
        as_of,
        {{ add_seconds('as_of', -7 * 86400) }} as week_before_at
    from clock

),

-- a day is seen as it ended: a change belongs to the day that midnight ends. Only the day
-- that is still open is seen as of now, and a week before it is a moment within a day
dated_periods as (

    select
        user_id,
        segment_id,
        valid_from,
        valid_to,
        cast({{ add_seconds('valid_from', '-0.000001') }} as date) as first_day,
        cast({{ add_seconds('valid_to', '-0.000001') }} as date) as day_after_last
    from periods

),

-- each period counts from its first day on and no more from the day after its last: a sum
-- over few dates, and no row per member and day
size_steps as (

    select
        dated_periods.first_day as day,
        dated_periods.segment_id,
        1 as step,
        users.satisfaction_score_cleaned as satisfaction
    from dated_periods
    left join users
        on dated_periods.user_id = users.user_id

    union all

    select
        dated_periods.day_after_last as day,
        dated_periods.segment_id,
        -1 as step,
        users.satisfaction_score_cleaned as satisfaction
    from dated_periods
    left join users
        on dated_periods.user_id = users.user_id
    where dated_periods.day_after_last is not null

),

size_changes as (

    select
        day,
        segment_id,
        sum(step) as size,
        sum(step * satisfaction) as satisfaction,
        sum(case when satisfaction is not null then step end) as satisfaction_count
    from size_steps
    group by day, segment_id

),

members as (

    select
        days.day,
        size_changes.segment_id,
        cast(sum(size_changes.size) as bigint) as size,
        {{ safe_ratio('sum(size_changes.satisfaction)', 'sum(size_changes.satisfaction_count)') }}
            as satisfaction
    from days
    inner join size_changes
        on days.day >= size_changes.day
    group by days.day, size_changes.segment_id
    having sum(size_changes.size) > 0

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
        user_days.active_date as day,
        dated_periods.segment_id,
        count(case when user_days.order_count > 0 then 1 end) as buyers,
        count(*) as active_users,
        sum(user_days.revenue) as revenue,
        sum(user_days.engagement_weight) as engagement_weight
    from user_days
    inner join dated_periods
        on
            user_days.user_id = dated_periods.user_id
            and user_days.active_date >= dated_periods.first_day
            and (
                dated_periods.day_after_last is null
                or user_days.active_date < dated_periods.day_after_last
            )
    group by user_days.active_date, dated_periods.segment_id

),

-- of the members of seven days before, who was active in the seven days since: an active
-- day counts for itself and the six days after it, or until the user's next active day
comebacks as (

    select
        dated_periods.segment_id,
        greatest(
            user_days.active_date, {{ days_before('dated_periods.first_day', -7) }}
        ) as first_day,
        least(
            {{ days_before('user_days.active_date', -7) }},
            coalesce(user_days.next_active_date, last_day.day),
            coalesce({{ days_before('dated_periods.day_after_last', -7) }}, last_day.day),
            last_day.day
        ) as day_after_last
    from user_days
    inner join dated_periods
        on user_days.user_id = dated_periods.user_id
    cross join last_day

),

comeback_steps as (

    select
        first_day as day,
        segment_id,
        1 as step
    from comebacks
    where first_day < day_after_last

    union all

    select
        day_after_last as day,
        segment_id,
        -1 as step
    from comebacks
    where first_day < day_after_last

),

comeback_changes as (

    select
        day,
        segment_id,
        sum(step) as returned_users
    from comeback_steps
    group by day, segment_id

),

returned as (

    select
        days.day,
        comeback_changes.segment_id,
        sum(comeback_changes.returned_users) as returned_users
    from days
    inner join comeback_changes
        on days.day >= comeback_changes.day
    cross join last_day
    where days.day < last_day.day
    group by days.day, comeback_changes.segment_id
    having sum(comeback_changes.returned_users) > 0

    union all

    select
        last_day.day,
        dated_periods.segment_id,
        count(*) as returned_users
    from last_day
    inner join user_days
        on
            last_day.day >= user_days.active_date
            and {{ days_before('last_day.day', 7) }} < user_days.active_date
            and (
                user_days.next_active_date is null
                or last_day.day < user_days.next_active_date
            )
    inner join dated_periods
        on
            user_days.user_id = dated_periods.user_id
            and last_day.week_before_at >= dated_periods.valid_from
            and (
                dated_periods.valid_to is null
                or last_day.week_before_at < dated_periods.valid_to
            )
    group by last_day.day, dated_periods.segment_id

),

members_before as (

    select
        {{ days_before('members.day', -7) }} as day,
        members.segment_id,
        members.size
    from members
    cross join last_day
    where {{ days_before('members.day', -7) }} < last_day.day

    union all

    select
        last_day.day,
        dated_periods.segment_id,
        count(*) as size
    from last_day
    inner join dated_periods
        on
            last_day.week_before_at >= dated_periods.valid_from
            and (
                dated_periods.valid_to is null
                or last_day.week_before_at < dated_periods.valid_to
            )
    group by last_day.day, dated_periods.segment_id

),

shares as (

    select
        members.*,
        {{ safe_ratio('members.size', 'sum(members.size) over (partition by members.day)') }}
            as share
    from members
    cross join span
    where members.day >= cast(span.first_at as date)

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
