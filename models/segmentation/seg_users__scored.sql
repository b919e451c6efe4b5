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
        {%- endfor %}
        segment_id
    from centers
    group by model_version, segment_id

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
                power(users.{{ dimension }} - wide.{{ dimension }}, 2), 0
            ){{ ' +' if not loop.last }}
        {%- endfor %} as squared_distance
    from users
    inner join wide
        on users.model_version = wide.model_version

),

compared as (

    select
        *,
        min(squared_distance) over (
            partition by user_id, period, as_of, model_version
        ) as smallest_squared_distance
    from measured

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
        -- the posterior of equally likely round clusters of unit variance
        1 / sum(exp(-(squared_distance - smallest_squared_distance) / 2)) as confidence
    from compared
    group by user_id, period, as_of, model_version, is_champion

)

select * from final
