{{ config(materialized='view') }}

{% set dimensions = clustering_dimensions() %}

with

users as (

    select * from {{ ref('seg_users__scaled') }}

),

centers as (

    select * from {{ ref('seg_segment_centers') }}

),

wide as (

    select
        model_version,
        {%- for dimension in dimensions %}
            max(case when feature = '{{ dimension }}' then center end)
                as {{ dimension }},
            max(case when feature = '{{ dimension }}' then scale end)
                as {{ dimension }}__scale,
        {%- endfor %}
        max(squared_offset) as squared_offset,
        segment_id
    from centers
    group by model_version, segment_id, core

),

measured as (

    select
        users.user_id,
        users.period,
        users.as_of,
        users.model_version,
        users.is_champion,
        wide.segment_id,
        -- a feature that the model does not cluster on has no centre and adds nothing
        {%- for dimension in dimensions %}
            coalesce(
                (users.{{ dimension }} - wide.{{ dimension }}) * wide.{{ dimension }}__scale
                * (users.{{ dimension }} - wide.{{ dimension }}) * wide.{{ dimension }}__scale,
                0
            ) +
        {%- endfor %} wide.squared_offset as squared_distance
    from users
    inner join wide
        on users.model_version = wide.model_version

),

-- density models have segments of several cores: the nearest counts
nearest_cores as (

    select
        user_id,
        period,
        as_of,
        model_version,
        is_champion,
        segment_id,
        min(squared_distance) as squared_distance
    from measured
    group by user_id, period, as_of, model_version, is_champion, segment_id

),

compared as (

    select
        *,
        min(squared_distance) over (
            partition by user_id, period, as_of, model_version
        ) as smallest_squared_distance
    from nearest_cores

),

final as (

    select
        user_id,
        period,
        as_of,
        model_version,
        is_champion,
        {{ nth_by('segment_id', ['squared_distance', 'segment_id'], 1) }} as segment_id,
        {{ nth_by('segment_id', ['squared_distance', 'segment_id'], 2) }} as runner_up_segment_id,
        sqrt(min(squared_distance)) as distance,
        sqrt({{ nth_by('squared_distance', ['squared_distance', 'segment_id'], 2) }})
            as runner_up_distance,
        -- the posterior of a mixture; of k-means, that of equally likely round clusters
        1 / sum(exp(-(squared_distance - smallest_squared_distance) / 2)) as confidence
    from compared
    group by user_id, period, as_of, model_version, is_champion

)

select * from final
