{{ config(tags=['weekly']) }}

with

user_days as (

    select * from {{ ref('int_user_days') }}

),

-- held out of everything, or not; who refused is neither
decided as (

    select
        user_id,
        min(case when is_holdout then 1 else 0 end) = 1 as is_holdout
    from {{ ref('fct_decisions') }}
    where reason <> 'no_consent'
    group by user_id

),

monthly as (

    select
        user_id,
        cast({{ dbt.date_trunc('month', 'active_date') }} as date) as month,
        sum(order_count) as order_count,
        sum(revenue) as revenue,
        sum(engagement_weight) as engagement
    from user_days
    group by user_id, cast({{ dbt.date_trunc('month', 'active_date') }} as date)

),

-- the first segment of the month: a later one may be what the month led to
placed as (

    select
        monthly.*,
        periods.segment_id,
        row_number() over (
            partition by monthly.user_id, monthly.month
            order by periods.valid_from
        ) as period_number
    from monthly
    inner join {{ ref('fct_user_segment_periods') }} as periods
        on
            monthly.user_id = periods.user_id
            and {{ next_month('monthly.month') }} > periods.valid_from
            and (periods.valid_to is null or monthly.month < periods.valid_to)

),

summed as (

    select
        placed.month,
        placed.segment_id,
        count(*) as active_users,
        count(case when placed.order_count > 0 then 1 end) as buyers,
        sum(placed.revenue) as revenue,
        sum(placed.engagement) as engagement,
        count(case when decided.is_holdout then 1 end) as holdout_users,
        count(case when not decided.is_holdout then 1 end) as served_users,
        count(case when decided.is_holdout and placed.order_count > 0 then 1 end)
            as holdout_buyers,
        count(case when not decided.is_holdout and placed.order_count > 0 then 1 end)
            as served_buyers,
        sum(case when decided.is_holdout then placed.engagement end) as holdout_engagement,
        sum(case when not decided.is_holdout then placed.engagement end) as served_engagement
    from placed
    left join decided
        on placed.user_id = decided.user_id
    where placed.period_number = 1
    group by placed.month, placed.segment_id

),

rates as (

    select
        month,
        segment_id,
        {{ safe_ratio('served_buyers', 'served_users') }} as served_conversion,
        {{ safe_ratio('holdout_buyers', 'holdout_users') }} as holdout_conversion,
        {{ safe_ratio('served_engagement', 'served_users') }} as served_engagement_per_user,
        {{ safe_ratio('holdout_engagement', 'holdout_users') }} as holdout_engagement_per_user
    from summed

),

final as (

    select
        {{ surrogate_key(['summed.month', 'summed.segment_id']) }} as segment_kpi_id,
        summed.month,
        summed.segment_id,
        summed.active_users,
        summed.buyers,
        cast(summed.revenue as decimal(18, 4)) as revenue,
        {{ safe_ratio('summed.buyers', 'summed.active_users') }} as conversion,
        {{ safe_ratio('summed.engagement', 'summed.active_users') }} as engagement_per_user,
        summed.holdout_users,
        rates.served_conversion,
        rates.holdout_conversion,
        {{ safe_ratio('rates.served_conversion', 'rates.holdout_conversion') }} - 1
            as conversion_lift,
        {{ safe_ratio(
            'rates.served_engagement_per_user', 'rates.holdout_engagement_per_user'
        ) }} - 1 as engagement_per_user_lift
    from summed
    inner join rates
        on
            summed.month = rates.month
            and summed.segment_id = rates.segment_id

)

select * from final
