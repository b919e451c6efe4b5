{{ config(tags=['weekly']) }}

with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

experiments as (

    select * from {{ ref('experiments') }}

),

exposed as (

    select * from {{ ref('seg_experiments__exposed') }}

),

-- what happens at the moment of the exposure may be its doing, and counts as after it
windows as (

    select
        exposed.experiment_id,
        exposed.user_id,
        exposed.first_exposed_at,
        case
            when experiments.ends_at <= clock.as_of then experiments.ends_at
            else {{ add_seconds('clock.as_of', '0.000001') }}
        end as measured_until,
        {{ add_seconds('exposed.first_exposed_at', '-86400 * experiments.pre_period_days') }}
            as pre_period_from
    from exposed
    inner join experiments
        on exposed.experiment_id = experiments.experiment_id
    cross join clock

),

earliest as (

    select
        min(pre_period_from) as pre_period_from,
        max(measured_until) as measured_until
    from windows

),

events as (

    select
        events.user_id,
        events.occurred_at,
        events.engagement_weight
    from {{ ref('int_events__resolved') }} as events
    cross join earliest
    where
        events.is_counted
        and events.is_visit
        and events.occurred_at >= earliest.pre_period_from
        and events.occurred_at < earliest.measured_until

),

orders as (

    select
        user_id,
        ordered_at,
        is_purchase,
        reporting_revenue
    from {{ ref('int_orders__resolved') }}

),

happened as (

    select
        windows.experiment_id,
        windows.user_id,
        events.occurred_at >= windows.first_exposed_at as is_after,
        0 as order_count,
        cast(0 as decimal(18, 4)) as revenue,
        events.engagement_weight as engagement
    from windows
    inner join events
        on
            windows.user_id = events.user_id
            and windows.pre_period_from <= events.occurred_at
            and windows.measured_until > events.occurred_at

    union all

    select
        windows.experiment_id,
        windows.user_id,
        orders.ordered_at >= windows.first_exposed_at as is_after,
        case when orders.is_purchase then 1 else 0 end as order_count,
        coalesce(orders.reporting_revenue, 0) as revenue,
        0 as engagement
    from windows
    inner join orders
        on
            windows.user_id = orders.user_id
            and windows.pre_period_from <= orders.ordered_at
            and windows.measured_until > orders.ordered_at

),

summed as (

    select
        experiment_id,
        user_id,
        sum(case when is_after then order_count else 0 end) as order_count,
        sum(case when is_after then revenue else 0 end) as revenue,
        sum(case when is_after then engagement else 0 end) as engagement,
        sum(case when is_after then 0 else order_count end) as pre_order_count,
        sum(case when is_after then 0 else revenue end) as pre_revenue,
        sum(case when is_after then 0 else engagement end) as pre_engagement
    from happened
    group by experiment_id, user_id

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

-- the segment and the persona that anybody who is the same person now was in, last before the
-- exposure; an outside tool tells no persona
{% for model, name in [('seg_segment_changes', 'segment'), ('seg_persona_changes', 'persona')] -%}
    {{ name }}_changes as (

        select
            change_number,
            {{ identifier_key_from_user_id('user_id') }} as identifier_key,
            to_{{ name }}_id,
            changed_at
        from {{ ref(model) }}
        where to_{{ name }}_id is not null

    ),

    {{ name }}s_before as (

        select
            windows.experiment_id,
            windows.user_id,
            changes.to_{{ name }}_id as {{ name }}_id,
            row_number() over (
                partition by windows.experiment_id, windows.user_id
                order by changes.changed_at desc, changes.change_number desc
            ) as recency
        from windows
        inner join identities
            on windows.user_id = identities.user_id
        inner join {{ name }}_changes as changes
            on
                identities.identifier_key = changes.identifier_key
                and windows.first_exposed_at > changes.changed_at

    ),

{% endfor -%}
final as (

    select
        exposed.experiment_id,
        exposed.user_id,
        exposed.arm,
        exposed.unit_id,
        segments_before.segment_id,
        coalesce(exposed.persona_id, personas_before.persona_id) as persona_id,
        exposed.arm_count > 1 as is_excluded,
        case when summed.order_count > 0 then 1 else 0 end as conversion,
        cast(coalesce(summed.order_count, 0) as bigint) as order_count,
        cast(coalesce(summed.revenue, 0) as decimal(18, 4)) as revenue,
        cast(coalesce(summed.engagement, 0) as decimal(18, 4)) as engagement,
        case when summed.pre_order_count > 0 then 1 else 0 end as pre_conversion,
        cast(coalesce(summed.pre_order_count, 0) as bigint) as pre_order_count,
        cast(coalesce(summed.pre_revenue, 0) as decimal(18, 4)) as pre_revenue,
        cast(coalesce(summed.pre_engagement, 0) as decimal(18, 4)) as pre_engagement,
        exposed.first_exposed_at
    from exposed
    left join summed
        on
            exposed.experiment_id = summed.experiment_id
            and exposed.user_id = summed.user_id
    left join segments_before
        on
            exposed.experiment_id = segments_before.experiment_id
            and exposed.user_id = segments_before.user_id
            and segments_before.recency = 1
    left join personas_before
        on
            exposed.experiment_id = personas_before.experiment_id
            and exposed.user_id = personas_before.user_id
            and personas_before.recency = 1

)

select * from final
