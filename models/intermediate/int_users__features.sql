{% set windows = feature_windows() %}
{% set counted = [
    'event_count', 'session_count', 'active_day_count', 'view_count', 'cart_count', 'order_count',
] %}
{% set summed = [
    'event_count', 'session_count', 'view_count', 'cart_count', 'purchase_count', 'order_count',
    'revenue', 'list_amount', 'discount_amount', 'session_seconds', 'engaged_seconds',
    'bounce_count', 'page_count', 'distinct_page_count', 'path_step_count',
    'cart_session_count', 'abandoned_session_count',
] %}

with

user_days as (

    select * from {{ ref('int_user_days') }}

),

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

summed as (

    select
        user_days.user_id,
        moments.period,
        moments.as_of,
        {%- for days in windows %}
            {%- for measure in summed %}
                sum(
                    case
                        when
                            user_days.slice_end_at
                            > {{ add_seconds('moments.as_of', -86400 * days) }}
                            then user_days.{{ measure }}
                        else 0
                    end
                ) as {{ measure }}_{{ days }}d,
            {%- endfor %}
            count(
                distinct
                case
                    when
                        user_days.slice_end_at > {{ add_seconds('moments.as_of', -86400 * days) }}
                        and user_days.event_count + user_days.order_count > 0
                        then user_days.active_date
                end
            ) as active_day_count_{{ days }}d,
        {%- endfor %}
        sum(
            case
                when user_days.slice_end_at > {{ add_seconds('moments.as_of', -86400 * 30) }}
                    then user_days.engagement_weight
                else 0
            end
        ) as engagement_weight_30d,
        sum(user_days.event_count) as lifetime_event_count,
        sum(user_days.order_count) as lifetime_order_count,
        max(
            case
                when user_days.last_event_at is null then user_days.last_order_at
                when user_days.last_order_at > user_days.last_event_at then user_days.last_order_at
                else user_days.last_event_at
            end
        ) as last_active_at,
        max(user_days.last_order_at) as last_order_at
    from user_days
    inner join moments
        on user_days.slice_end_at <= moments.as_of
    group by user_days.user_id, moments.period, moments.as_of

),

final as (

    select
        -- ids
        {{ surrogate_key(["rows.user_id", "rows.period", epoch_microseconds("rows.as_of")]) }}
            as user_features_id,
        rows.user_id,
        rows.period,

        -- text
        rows.acquisition_channel,
        rows.country,
        rows.device,

        -- numbers
        {{ days_between('summed.last_active_at', 'rows.as_of') }} as recency_days,
        {{ days_between('summed.last_order_at', 'rows.as_of') }} as order_recency_days,
        greatest({{ days_between('rows.first_seen_at', 'rows.as_of') }}, 0) as tenure_days,
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
        rows.as_of
    from rows
    left join summed
        on
            rows.user_id = summed.user_id
            and rows.period = summed.period
            and rows.as_of = summed.as_of
    left join diversified
        on
            rows.user_id = diversified.user_id
            and rows.period = diversified.period
            and rows.as_of = diversified.as_of

)

select * from final
