{{ config(
    materialized='incremental', unique_key='user_id', incremental_strategy='replace',
    on_schema_change='fail'
) }}

{% set counts = [
    'event_count', 'view_count', 'cart_count', 'purchase_count', 'session_count', 'session_seconds',
    'engaged_seconds', 'bounce_count', 'page_count', 'distinct_page_count', 'path_step_count',
    'cart_session_count', 'abandoned_session_count', 'order_count',
] %}
{% set amounts = ['revenue', 'list_amount', 'discount_amount'] %}

with

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

stored as (

    select
        user_key,
        {{ dbt.any_value('user_id') }} as user_id,
        max(run_number) as run_number
    from {{ this if is_incremental()
        else '(select cast(null as bigint) as user_key, cast(null as varchar) as user_id,'
        ~ ' cast(0 as bigint) as run_number)' }}
    group by user_key

),

touched as (

    select user_id from identities
    where run_number > {{ read_until('stored') }}

    union

    -- ids that no identifier carries any more
    select stored.user_id
    from stored
    left join identities
        on stored.user_key = identities.user_key
    where identities.user_key is null

),

touched_identifiers as (

    select identities.identifier_key
    from identities
    inner join touched
        on identities.user_id = touched.user_id

),

newest_run as (

    select max(run_number) as run_number from identities

),

dated_events as (

    select
        *,
        cast({{ add_seconds('occurred_at', '-0.000001') }} as date) as active_date
    from {{ ref('int_events__resolved') }}
    where
        is_counted
        and is_visit
        and user_id is not null
        and identifier_key in (select touched_identifiers.identifier_key from touched_identifiers)

),

dated_sessions as (

    select
        *,
        cast({{ add_seconds('started_at', "-0.000001") }} as date) as active_date
    from {{ ref('int_sessions__summarized') }}
    where
        is_counted
        and user_id in (select touched.user_id from touched)

),

dated_orders as (

    select
        *,
        cast({{ add_seconds('ordered_at', "-0.000001") }} as date) as active_date
    from {{ ref('int_orders__resolved') }}
    where user_id in (select touched.user_id from touched)

),

event_days as (

    select
        user_id,
        active_date,
        count(*) as event_count,
        count(case when event_name = 'view_item' then 1 end) as view_count,
        count(case when event_name = 'add_to_cart' then 1 end) as cart_count,
        count(case when event_name = 'purchase' then 1 end) as purchase_count,
        sum(engagement_weight) as engagement_weight,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from dated_events
    group by user_id, active_date

),

numbered_sessions as (

    select
        *,
        row_number() over (
            partition by user_id, active_date
            order by started_at, session_id
        ) as session_number
    from dated_sessions

),

session_days as (

    select
        user_id,
        active_date,
        count(*) as session_count,
        sum(duration_seconds) as session_seconds,
        sum(engaged_seconds) as engaged_seconds,
        count(case when is_bounce then 1 end) as bounce_count,
        sum(page_count) as page_count,
        sum(distinct_page_count) as distinct_page_count,
        sum(path_step_count) as path_step_count,
        count(case when cart_count > 0 then 1 end) as cart_session_count,
        count(case when cart_count > 0 and purchase_count = 0 then 1 end)
            as abandoned_session_count,
        {{ first_by('channel_group', 'session_number') }} as first_channel_group,
        {{ last_by('country', 'session_number') }} as last_country,
        {{ last_by('device', 'session_number') }} as last_device
    from numbered_sessions
    group by user_id, active_date

),

order_days as (

    select
        user_id,
        active_date,
        count(case when is_purchase then 1 end) as order_count,
        sum(reporting_revenue) as revenue,
        sum(reporting_list_amount) as list_amount,
        sum(reporting_discount_amount) as discount_amount,
        min(case when is_purchase then ordered_at end) as first_order_at,
        max(case when is_purchase then ordered_at end) as last_order_at
    from dated_orders
    group by user_id, active_date

),

days as (

    select
        user_id,
        active_date
    from event_days
    union
    select
        user_id,
        active_date
    from session_days
    union
    select
        user_id,
        active_date
    from order_days

),

summed as (

    select
        days.user_id,
        days.active_date,
        {%- for measure in counts %}
            cast(coalesce({{ measure }}, 0) as bigint) as {{ measure }},
        {%- endfor %}
        {%- for measure in amounts %}
            cast(coalesce({{ measure }}, 0) as decimal(18, 4)) as {{ measure }},
        {%- endfor %}
        cast(coalesce(event_days.engagement_weight, 0) as decimal(18, 2)) as engagement_weight,
        session_days.first_channel_group,
        session_days.last_country,
        session_days.last_device,
        event_days.first_event_at,
        event_days.last_event_at,
        order_days.first_order_at,
        order_days.last_order_at,
        case
            when coalesce(event_days.event_count, 0) + coalesce(order_days.order_count, 0) > 0
                then 1
            else 0
        end as active_day_count,
        case
            when event_days.last_event_at is null then order_days.last_order_at
            when order_days.last_order_at > event_days.last_event_at then order_days.last_order_at
            else event_days.last_event_at
        end as last_active_at
    from days
    left join event_days
        on
            days.user_id = event_days.user_id
            and days.active_date = event_days.active_date
    left join session_days
        on
            days.user_id = session_days.user_id
            and days.active_date = session_days.active_date
    left join order_days
        on
            days.user_id = order_days.user_id
            and days.active_date = order_days.active_date

),

-- what somebody did in a window is what was done until its end less what was done until
-- its beginning: with running totals a window costs two look-ups, however long it is
running as (

    select
        *,
        {%- for measure in counts + ['active_day_count'] %}
            cast(sum({{ measure }}) over user_timeline as bigint) as {{ measure }}_to_date,
        {%- endfor %}
        {%- for measure in amounts %}
            cast(sum({{ measure }}) over user_timeline as decimal(18, 4))
                as {{ measure }}_to_date,
        {%- endfor %}
        cast(sum(engagement_weight) over user_timeline as decimal(18, 2))
            as engagement_weight_to_date,
        max(last_active_at) over user_timeline as last_active_at_to_date,
        max(last_order_at) over user_timeline as last_order_at_to_date,
        lead(active_date) over user_timeline as next_active_date
    from summed
    window user_timeline as (
        partition by user_id
        order by active_date
    )

),

gone as (

    -- a touched user's rows go first: nothing of theirs may be left
    select stored.user_id
    from stored
    inner join touched
        on stored.user_id = touched.user_id

),

final as (

    select
        running.user_id,
        running.active_date,
        {{ text_number('running.user_id') }} as user_key,
        running.next_active_date,
        {%- for measure in counts + amounts + ['engagement_weight'] %}
            running.{{ measure }},
        {%- endfor %}
        {%- for measure in counts + amounts + ['engagement_weight', 'active_day_count'] %}
            running.{{ measure }}_to_date,
        {%- endfor %}
        running.last_active_at_to_date,
        running.last_order_at_to_date,
        running.first_channel_group,
        running.last_country,
        running.last_device,
        running.first_event_at,
        running.last_event_at,
        running.first_order_at,
        running.last_order_at,
        newest_run.run_number,
        false as is_removed
    from running
    cross join newest_run

    union all

    select
        gone.user_id,
        cast(null as date) as active_date,
        cast(null as bigint) as user_key,
        cast(null as date) as next_active_date,
        {%- for measure in counts + amounts + ['engagement_weight'] %}
            null as {{ measure }},
        {%- endfor %}
        {%- for measure in counts + amounts + ['engagement_weight', 'active_day_count'] %}
            null as {{ measure }}_to_date,
        {%- endfor %}
        cast(null as timestamp) as last_active_at_to_date,
        cast(null as timestamp) as last_order_at_to_date,
        cast(null as varchar) as first_channel_group,
        cast(null as varchar) as last_country,
        cast(null as varchar) as last_device,
        cast(null as timestamp) as first_event_at,
        cast(null as timestamp) as last_event_at,
        cast(null as timestamp) as first_order_at,
        cast(null as timestamp) as last_order_at,
        cast(null as bigint) as run_number,
        true as is_removed
    from gone

)

select * from final
