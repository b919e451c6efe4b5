{{ config(tags=['weekly']) }}

with

user_days as (

    select * from {{ ref('int_user_days') }}

),

personas as (

    select * from {{ ref('fct_user_personas') }}

),

users as (

    select * from {{ ref('dim_users') }}

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

followed as (

    select
        *,
        lead(month) over (
            partition by user_id
            order by month
        ) as next_active_month
    from monthly

),

kept as (

    -- counted in the month they came back in
    select
        personas.persona_id,
        followed.next_active_month as month,
        count(*) as retained_users
    from followed
    inner join personas
        on followed.user_id = personas.user_id
    where followed.next_active_month = {{ next_month('followed.month') }}
    group by personas.persona_id, followed.next_active_month

),

summed as (

    select
        personas.persona_id,
        monthly.month,
        count(*) as active_users,
        count(case when monthly.order_count > 0 then 1 end) as buyers,
        sum(monthly.order_count) as order_count,
        sum(monthly.revenue) as revenue,
        sum(monthly.engagement) as engagement,
        avg(users.satisfaction_score_cleaned) as satisfaction,
        count(case when decided.is_holdout then 1 end) as holdout_users,
        count(case when not decided.is_holdout then 1 end) as served_users,
        count(case when decided.is_holdout and monthly.order_count > 0 then 1 end)
            as holdout_buyers,
        count(case when not decided.is_holdout and monthly.order_count > 0 then 1 end)
            as served_buyers,
        sum(case when decided.is_holdout then monthly.revenue end) as holdout_revenue,
        sum(case when not decided.is_holdout then monthly.revenue end) as served_revenue,
        sum(case when decided.is_holdout then monthly.engagement end) as holdout_engagement,
        sum(case when not decided.is_holdout then monthly.engagement end) as served_engagement
    from monthly
    inner join personas
        on monthly.user_id = personas.user_id
    left join users
        on monthly.user_id = users.user_id
    left join decided
        on monthly.user_id = decided.user_id
    group by personas.persona_id, monthly.month

),

rates as (

    select
        month,
        persona_id,
        {{ safe_ratio('served_buyers', 'served_users') }} as served_conversion,
        {{ safe_ratio('holdout_buyers', 'holdout_users') }} as holdout_conversion,
        {{ safe_ratio('served_revenue', 'served_users') }} as served_revenue_per_user,
        {{ safe_ratio('holdout_revenue', 'holdout_users') }} as holdout_revenue_per_user,
        {{ safe_ratio('served_engagement', 'served_users') }} as served_engagement_per_user,
        {{ safe_ratio('holdout_engagement', 'holdout_users') }} as holdout_engagement_per_user
    from summed

),

final as (

    select
        {{ surrogate_key(['summed.month', 'summed.persona_id']) }} as kpi_id,
        summed.month,
        summed.persona_id,
        summed.active_users,
        summed.buyers,
        cast(summed.order_count as bigint) as order_count,
        cast(summed.revenue as decimal(18, 4)) as revenue,
        {{ safe_ratio('summed.revenue', 'summed.active_users') }} as revenue_per_user,
        {{ safe_ratio('summed.buyers', 'summed.active_users') }} as conversion,
        case
            when before.active_users > 0
                then {{ safe_ratio('coalesce(kept.retained_users, 0)', 'before.active_users') }}
        end as retention,
        summed.satisfaction,
        summed.holdout_users,
        rates.served_conversion,
        rates.holdout_conversion,
        {{ safe_ratio('rates.served_conversion', 'rates.holdout_conversion') }} - 1
            as conversion_lift,
        {{ safe_ratio('rates.served_revenue_per_user', 'rates.holdout_revenue_per_user') }} - 1
            as revenue_per_user_lift,
        {{ safe_ratio('summed.engagement', 'summed.active_users') }} as engagement_per_user,
        {{ safe_ratio(
            'rates.served_engagement_per_user', 'rates.holdout_engagement_per_user'
        ) }} - 1 as engagement_per_user_lift
    from summed
    inner join rates
        on
            summed.persona_id = rates.persona_id
            and summed.month = rates.month
    left join summed as before
        on
            summed.persona_id = before.persona_id
            and summed.month = {{ next_month('before.month') }}
    left join kept
        on
            summed.persona_id = kept.persona_id
            and summed.month = kept.month

)

select * from final
