{#- Days that outcomes are followed for: four weeks, so that every weekday counts alike. -#}
{% set followed_days = 28 %}

with

clock as (

    select
        as_of,
        {{ days_before('cast(as_of as date)', followed_days) }} as last_day_before
    from {{ ref('int_time__resolved') }}

),

changes as (

    select * from {{ ref('seg_segment_changes') }}
    where operation <> 'scored'

),

user_days as (

    select * from {{ ref('int_user_days') }}

),

users as (

    select * from {{ ref('int_users__known') }}

),

-- a day ends with the midnight that follows it
states as (

    select
        changes.user_id,
        changes.to_segment_id as segment_id,
        row_number() over (
            partition by changes.user_id
            order by changes.changed_at desc, changes.change_number desc
        ) as recency
    from changes
    cross join clock
    where
        changes.changed_at
        <= cast({{ days_before('clock.last_day_before', -1) }} as timestamp)

),

followed as (

    select
        user_days.user_id,
        sum(user_days.revenue) as revenue
    from user_days
    cross join clock
    where user_days.active_date > clock.last_day_before
    group by user_days.user_id

),

-- who has become another user since has left no trace under this name
members as (

    select
        states.segment_id,
        cast(coalesce(followed.revenue, 0) as double) as revenue,
        case when followed.user_id is null then 0.0 else 1.0 end as retention,
        -- the scale runs from 0 to 10; anything else was mistyped
        case
            when users.satisfaction_score between 0 and 10
                then cast(users.satisfaction_score as double)
        end as satisfaction
    from states
    inner join users
        on states.user_id = users.user_id
    left join followed
        on states.user_id = followed.user_id
    where
        states.recency = 1
        and states.segment_id is not null

),

{% for kpi in ['revenue', 'retention', 'satisfaction'] -%}
    {{ kpi }}_sums as (

        select
            segment_id,
            '{{ kpi }}' as kpi,
            count({{ kpi }}) as user_count,
            coalesce(sum({{ kpi }}), 0) as total,
            coalesce(sum({{ kpi }} * {{ kpi }}), 0) as total_of_squares
        from members
        group by segment_id

    ),

{% endfor -%}
outcomes as (

    select * from revenue_sums
    union all
    select * from retention_sums
    union all
    select * from satisfaction_sums

),

final as (

    select
        {{ surrogate_key(['segment_id', 'kpi']) }} as segment_outcome_id,
        segment_id,
        kpi,
        user_count,
        total,
        total_of_squares
    from outcomes

)

select * from final
