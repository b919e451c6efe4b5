{{ config(materialized='view') }}

{% set windows = feature_windows() %}

with

moments as (

    select * from {{ ref('int_time__moments') }}

),

edges as (

    {% for days in [0] + windows -%}
        select
            period,
            as_of,
            {{ days }} as edge_days,
            {{ add_seconds('as_of', -86400 * days) }} as edge_at,
            {{ first_day_after_edge('period', add_seconds('as_of', -86400 * days)) }} as whole_until_date
        from moments
        {% if not loop.last %}
            union all

        {% endif -%}
    {%- endfor %}

),

counted_until as (

    select
        category_days.user_key,
        category_days.category,
        edges.period,
        edges.as_of,
        edges.edge_days,
        category_days.item_count_to_date as item_count
    from {{ ref('int_user_category_days') }} as category_days
    inner join edges
        on
            category_days.active_date < edges.whole_until_date
            and (
                category_days.next_active_date is null
                or category_days.next_active_date >= edges.whole_until_date
            )

    union all

    select
        cut_days.user_key,
        cut_days.category,
        edges.period,
        edges.as_of,
        edges.edge_days,
        cut_days.item_count
    from {{ ref('int_user_category_cut_days') }} as cut_days
    inner join edges
        on
            cut_days.cut_at = edges.edge_at
            and edges.period = 'current'

),

counted as (

    select
        user_key,
        period,
        as_of,
        {%- for days in windows %}
            nullif(
                sum(
                    case edge_days
                        when 0 then item_count
                        when {{ days }} then -item_count
                        else 0
                    end
                ),
                0
            ) as item_count_{{ days }}d,
        {%- endfor %}
        category
    from counted_until
    group by user_key, period, as_of, category

),

final as (

    select
        user_key,
        period,
        {%- for days in windows %}
            -- Shannon entropy in nats: ln(n) less the mean of ln(count) weighted by count; summed
            -- as decimals, since sums of floats follow the order of the rows
            abs(round(
                ln(cast(sum(item_count_{{ days }}d) as double))
                - cast(
                    sum(
                        cast(
                            item_count_{{ days }}d * ln(cast(item_count_{{ days }}d as double))
                            as decimal(28, 12)
                        )
                    ) as double
                )
                / cast(sum(item_count_{{ days }}d) as double),
                9
            ))
                as category_entropy_{{ days }}d,
        {%- endfor %}
        as_of
    from counted
    where item_count_{{ windows[-1] }}d is not null
    group by user_key, period, as_of

)

select * from final
