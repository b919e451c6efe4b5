{{ config(tags=['weekly']) }}

with

user_days as (

    select * from {{ ref('int_user_days') }}

),

personas as (

    select
        user_id,
        persona_id
    from {{ ref('fct_user_personas') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

weekly as (

    select
        user_id,
        cast({{ dbt.date_trunc('week', 'active_date') }} as date) as week,
        sum(order_count) as order_count,
        sum(revenue) as revenue
    from user_days
    group by user_id, cast({{ dbt.date_trunc('week', 'active_date') }} as date)

),

members as (

    select
        personas.user_id,
        personas.persona_id,
        min(weekly.week) as cohort_week
    from weekly
    inner join personas
        on weekly.user_id = personas.user_id
    group by personas.user_id, personas.persona_id

),

cohorts as (

    select
        cohort_week,
        persona_id,
        count(*) as cohort_users
    from members
    group by cohort_week, persona_id

),

weeks as (

    -- many users are active in a week
    select distinct week from weekly

),

summed as (

    select
        members.cohort_week,
        members.persona_id,
        weekly.week,
        count(*) as active_users,
        count(case when weekly.order_count > 0 then 1 end) as buyers,
        sum(weekly.revenue) as revenue
    from weekly
    inner join members
        on weekly.user_id = members.user_id
    group by members.cohort_week, members.persona_id, weekly.week

),

-- a week in which nobody came back is a row too; one that is not over yet says so
final as (

    select
        {{ surrogate_key(['cohorts.cohort_week', 'cohorts.persona_id', 'weeks.week']) }}
            as retention_id,
        cohorts.cohort_week,
        weeks.week,
        cohorts.persona_id,
        cast(
            {{ days_between(
                'cast(cohorts.cohort_week as timestamp)', 'cast(weeks.week as timestamp)'
            ) }} / 7 as bigint
        ) as week_number,
        cohorts.cohort_users,
        coalesce(summed.active_users, 0) as active_users,
        coalesce(summed.buyers, 0) as buyers,
        cast(coalesce(summed.revenue, 0) as decimal(18, 4)) as revenue,
        {{ safe_ratio('coalesce(summed.active_users, 0)', 'cohorts.cohort_users') }} as retention,
        cast({{ days_before('weeks.week', -7) }} as timestamp) <= clock.as_of as is_complete
    from cohorts
    inner join weeks
        on cohorts.cohort_week <= weeks.week
    cross join clock
    left join summed
        on
            cohorts.cohort_week = summed.cohort_week
            and cohorts.persona_id = summed.persona_id
            and weeks.week = summed.week

)

select * from final
