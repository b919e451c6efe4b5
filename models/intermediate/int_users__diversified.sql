{% set windows = feature_windows() %}

with

category_days as (

    select * from {{ ref('int_user_category_days') }}

),

moments as (

    select * from {{ ref('int_time__moments') }}

),

counted as (

    select
        category_days.user_id,
        moments.period,
        moments.as_of,
        {%- for days in windows %}
            sum(
                case
                    when category_days.slice_end_at > {{ add_seconds('moments.as_of', -86400 * days) }}
                        then category_days.item_count
                end
            ) as item_count_{{ days }}d,
        {%- endfor %}
        category_days.category
    from category_days
    inner join moments
        on
            category_days.slice_end_at <= moments.as_of
            and category_days.slice_end_at
            > {{ add_seconds('moments.as_of', -86400 * windows[-1]) }}
    group by category_days.user_id, moments.period, moments.as_of, category_days.category

),

final as (

    select
        user_id,
        period,
        {%- for days in windows %}
            -- Shannon entropy in nats: ln(n) less the mean of ln(count) weighted by count
            ln(cast(sum(item_count_{{ days }}d) as double))
            - sum(item_count_{{ days }}d * ln(cast(item_count_{{ days }}d as double)))
            / cast(sum(item_count_{{ days }}d) as double)
                as category_entropy_{{ days }}d,
        {%- endfor %}
        as_of
    from counted
    group by user_id, period, as_of

)

select * from final
