{{ config(materialized='view') }}

{% set windows = feature_windows() %}
{% set counted = [
    'event_count', 'session_count', 'active_day_count', 'view_count', 'cart_count', 'order_count',
] %}
{% set summed = [
    'event_count', 'session_count', 'view_count', 'cart_count', 'purchase_count', 'order_count',
    'revenue', 'list_amount', 'discount_amount', 'session_seconds', 'engaged_seconds',
    'bounce_count', 'page_count', 'distinct_page_count', 'path_step_count',
    'cart_session_count', 'abandoned_session_count', 'active_day_count',
] %}
{% set types = {
    'revenue': 'decimal(18, 4)', 'list_amount': 'decimal(18, 4)',
    'discount_amount': 'decimal(18, 4)', 'engagement_weight': 'decimal(18, 2)',
} %}

with

users as (

    select * from {{ ref('int_users__known') }}

),

moments as (

    select * from {{ ref('int_time__moments') }}

),

diversified as (

    select * from {{ ref('int_users__diversified') }}

),

-- also users who did nothing: they leave windows by staying away
rows as (

    select
        users.user_id,
        users.user_key,
        users.acquisition_channel,
        users.country,
        users.device,
        users.first_seen_at,
        moments.period,
        moments.as_of
    from users
    inner join moments
        on
            moments.period = 'current'
            or users.first_seen_at <= moments.as_of

),

-- for each edge of a window: what everybody had done until then. A model that is read for
-- one moment must compute no other, so each table is named where it is read
{% for days in [0] + windows -%}
    edges_{{ days }} as (

        select
            period,
            as_of,
            {{ add_seconds('as_of', -86400 * days) }} as edge_at,
            {{ first_day_after_edge('period', add_seconds('as_of', -86400 * days)) }}
                as whole_until_date
        from {{ ref('int_time__moments') }}

    ),

    current_{{ days }} as (

        select * from edges_{{ days }}
        where period = 'current'

    ),

    -- one moment is compared with as a value: a join by comparison would sort all days first
    whole_{{ days }} as (

        select
            user_days.*,
            (select current_{{ days }}.as_of from current_{{ days }}) as as_of
        from {{ ref('int_user_days') }} as user_days
        where
            user_days.active_date < (
                select current_{{ days }}.whole_until_date from current_{{ days }}
            )
            and (
                user_days.next_active_date is null
                or user_days.next_active_date >= (
                    select current_{{ days }}.whole_until_date from current_{{ days }}
                )
            )

    ),

    pieces_{{ days }} as (

        select
            cut_days.*,
            current_{{ days }}.as_of
        from {{ ref('int_user_cut_days') }} as cut_days
        inner join current_{{ days }}
            on cut_days.cut_at = current_{{ days }}.edge_at

    ),

    until_{{ days }} as (

        select
            user_days.user_key,
            edges_{{ days }}.period,
            edges_{{ days }}.as_of,
            {%- for measure in summed + ['engagement_weight'] %}
                user_days.{{ measure }}_to_date as {{ measure }},
            {%- endfor %}
            user_days.last_active_at_to_date as last_active_at,
            user_days.last_order_at_to_date as last_order_at
        from {{ ref('int_user_days') }} as user_days
        inner join edges_{{ days }}
            on
                edges_{{ days }}.period = 'week'
                and user_days.active_date < edges_{{ days }}.whole_until_date
                and (
                    user_days.next_active_date is null
                    or user_days.next_active_date >= edges_{{ days }}.whole_until_date
                )

        union all

        select
            coalesce(whole_{{ days }}.user_key, pieces_{{ days }}.user_key) as user_key,
            'current' as period,
            coalesce(whole_{{ days }}.as_of, pieces_{{ days }}.as_of) as as_of,
            {%- for measure in summed + ['engagement_weight'] %}
                {#- where a window begins, a day is left only when nothing of it is inside #}
                {%- set piece = 'left_day_count' if days > 0 and measure == 'active_day_count' else measure %}
                cast(
                    coalesce(whole_{{ days }}.{{ measure }}_to_date, 0)
                    + coalesce(pieces_{{ days }}.{{ piece }}, 0)
                    as {{ types.get(measure, 'bigint') }}
                ) as {{ measure }},
            {%- endfor %}
            coalesce(pieces_{{ days }}.last_active_at, whole_{{ days }}.last_active_at_to_date)
                as last_active_at,
            coalesce(pieces_{{ days }}.last_order_at, whole_{{ days }}.last_order_at_to_date)
                as last_order_at
        from whole_{{ days }}
        full outer join pieces_{{ days }}
            on whole_{{ days }}.user_key = pieces_{{ days }}.user_key

    ),

{% endfor %}

summed as (

    select
        rows.*,
        {%- for days in windows %}
            {%- for measure in summed %}
                until_0.{{ measure }} - coalesce(until_{{ days }}.{{ measure }}, 0)
                    as {{ measure }}_{{ days }}d,
            {%- endfor %}
        {%- endfor %}
        until_0.engagement_weight - coalesce(until_30.engagement_weight, 0)
            as engagement_weight_30d,
        until_0.event_count as lifetime_event_count,
        until_0.order_count as lifetime_order_count,
        until_0.last_active_at,
        until_0.last_order_at
    from rows
    left join until_0
        on
            rows.user_key = until_0.user_key
            and rows.period = until_0.period
            and rows.as_of = until_0.as_of
    left join until_7
        on
            rows.user_key = until_7.user_key
            and rows.period = until_7.period
            and rows.as_of = until_7.as_of
    left join until_30
        on
            rows.user_key = until_30.user_key
            and rows.period = until_30.period
            and rows.as_of = until_30.as_of
    left join until_90
        on
            rows.user_key = until_90.user_key
            and rows.period = until_90.period
            and rows.as_of = until_90.as_of
    left join until_365
        on
            rows.user_key = until_365.user_key
            and rows.period = until_365.period
            and rows.as_of = until_365.as_of

),

final as (

    select
        -- ids
        summed.user_id,
        summed.period,

        -- text
        summed.acquisition_channel,
        summed.country,
        summed.device,

        -- numbers
        {{ days_between('summed.last_active_at', 'summed.as_of') }} as recency_days,
        {{ days_between('summed.last_order_at', 'summed.as_of') }} as order_recency_days,
        greatest({{ days_between('summed.first_seen_at', 'summed.as_of') }}, 0) as tenure_days,
        100 * (
            1
            - exp(
                -coalesce(cast(summed.engagement_weight_30d as double), 0)
                / {{ var('engagement_scale') }}
            )
        ) as engagement_score,
        cast(coalesce(summed.lifetime_event_count, 0) as bigint) as lifetime_event_count,
        cast(coalesce(summed.lifetime_order_count, 0) as bigint) as lifetime_order_count,
        {%- for days in windows %}
            {%- for measure in counted %}
                cast(coalesce(summed.{{ measure }}_{{ days }}d, 0) as bigint)
                    as {{ measure }}_{{ days }}d,
            {%- endfor %}
            cast(coalesce(summed.revenue_{{ days }}d, 0) as decimal(18, 4)) as revenue_{{ days }}d,
            {{ safe_ratio('summed.revenue_' ~ days ~ 'd', 'summed.order_count_' ~ days ~ 'd') }}
                as average_order_value_{{ days }}d,
            {{ safe_ratio('summed.session_seconds_' ~ days ~ 'd', 'summed.session_count_' ~ days ~ 'd') }}
                as session_seconds_mean_{{ days }}d,
            {{ safe_ratio('summed.engaged_seconds_' ~ days ~ 'd', 'summed.session_count_' ~ days ~ 'd') }}
                as engaged_seconds_mean_{{ days }}d,
            {{ safe_ratio('summed.page_count_' ~ days ~ 'd', 'summed.session_count_' ~ days ~ 'd') }}
                as pages_per_session_{{ days }}d,
            {{ safe_ratio('summed.path_step_count_' ~ days ~ 'd', 'summed.session_count_' ~ days ~ 'd') }}
                as path_depth_mean_{{ days }}d,
            1
            - {{ safe_ratio('summed.distinct_page_count_' ~ days ~ 'd', 'summed.page_count_' ~ days ~ 'd') }}
                as path_loop_share_{{ days }}d,
            {{ safe_ratio('summed.bounce_count_' ~ days ~ 'd', 'summed.session_count_' ~ days ~ 'd') }}
                as bounce_share_{{ days }}d,
            least(
                {{ safe_ratio('summed.cart_count_' ~ days ~ 'd', 'nullif(summed.view_count_' ~ days ~ 'd, 0)') }},
                case when summed.view_count_{{ days }}d > 0 then 1 end
            ) as view_to_cart_rate_{{ days }}d,
            least(
                {{ safe_ratio('summed.purchase_count_' ~ days ~ 'd', 'summed.cart_count_' ~ days ~ 'd') }},
                case when summed.cart_count_{{ days }}d > 0 then 1 end
            ) as cart_to_purchase_rate_{{ days }}d,
            {{ safe_ratio('summed.abandoned_session_count_' ~ days ~ 'd', 'summed.cart_session_count_' ~ days ~ 'd') }}
                as cart_abandonment_share_{{ days }}d,
            {{ safe_ratio('summed.discount_amount_' ~ days ~ 'd', 'summed.list_amount_' ~ days ~ 'd') }}
                as discount_share_{{ days }}d,
            diversified.category_entropy_{{ days }}d,
        {%- endfor %}

        -- booleans
        coalesce(summed.lifetime_order_count, 0) = 0
        and coalesce(summed.lifetime_event_count, 0)
        < {{ var('cold_start_event_count') }} as is_cold_start,

        -- times
        summed.as_of
    from summed
    left join diversified
        on
            summed.user_key = diversified.user_key
            and summed.period = diversified.period
            and summed.as_of = diversified.as_of

)

select * from final
