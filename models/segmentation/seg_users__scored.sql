{{ config(materialized='view') }}

{% set dimensions = live_dimensions() %}

with

users as (

    select * from {{ ref('seg_users__scaled') }}

),

centers as (

    select centers.*
    from {{ ref('seg_segment_centers') }} as centers
    inner join {{ ref('seg_models__live') }} as live
        on centers.model_version = live.model_version

),

-- where each core lies, on its scale and in the order of the dimensions; 0 where the model does
-- not cluster. Only mixtures have scales, and only noise has no place
cores as (

    select
        model_version,
        segment_id,
        row_number() over (order by model_version, segment_id, core) as core_number,
        {% set places, scales, numbers = [], [], [] -%}
        {% for dimension in dimensions -%}
            {% do places.append("coalesce(max(case when feature = '" ~ dimension ~ "' then center * scale end), 0)") -%}
            {% do scales.append("coalesce(max(case when feature = '" ~ dimension ~ "' then scale end), 0)") -%}
            {% do numbers.append(
                "case when models." ~ dimension ~ "__is_clustered = 1 then coalesce(users."
                ~ dimension ~ ", 0) else 0 end"
            ) -%}
        {% endfor -%}
        case when count(center) > 0 then {{ number_list(places) }} end as center,
        case when min(scale) <> 1 or max(scale) <> 1 then {{ number_list(scales) }} end as scale,
        max(squared_offset) as squared_offset
    from centers
    group by model_version, segment_id, core

),

segments as (

    select
        model_version,
        segment_id,
        row_number() over (order by model_version, segment_id) as segment_number,
        min(core_number) as first_core,
        max(core_number) as last_core
    from cores
    group by model_version, segment_id

),

bounds as (

    select
        model_version,
        min(segment_number) as first_segment,
        max(segment_number) as last_segment
    from segments
    group by model_version

),

clustered as (

    select
        model_version
        {%- for dimension in dimensions %}
            ,
            max(case when feature = '{{ dimension }}' and center is not null then 1 end)
                as {{ dimension }}__is_clustered
        
        {%- endfor %}
        ,
        count(
            case
                when
                    center is not null
                    -- the list is long only once it is rendered
                    and feature not in ('{{ dimensions | join("', '") }}')  -- noqa: LT05
                    then 1
            end
        ) as unread_count
    from centers
    group by model_version

),

models as (

    select
        clustered.*,
        bounds.first_segment,
        bounds.last_segment
    from clustered
    inner join bounds
        on clustered.model_version = bounds.model_version
    where
        clustered.unread_count = 0
        or {{ raise_error(
            "clustered.unread_count || ' numbers that a live model clusters on are not read "
            ~ "yet. Run: dbt run --select seg_users__scaled seg_users__scored'"
        ) }} is null

),

core_lists as (

    select
        {{ ordered_list('center', 'core_number') }} as centers,
        {{ ordered_list('scale', 'core_number') }} as scales,
        {{ ordered_list('squared_offset', 'core_number') }} as offsets
    from cores

),

segment_lists as (

    select
        {{ ordered_list('segment_id', 'segment_number') }} as segments,
        {{ ordered_list('first_core', 'segment_number') }} as first_cores,
        {{ ordered_list('last_core', 'segment_number') }} as last_cores
    from segments

),

placed as (

    select
        users.user_id,
        users.period,
        users.as_of,
        users.model_version,
        users.is_champion,
        {{ number_list(numbers) }} as numbers,
        models.first_segment,
        models.last_segment
    from users
    inner join models
        on users.model_version = models.model_version

),

-- the lists are of all models, in one row: joined by model, they would be copied for everybody
measured as (

    select
        placed.*,
        {{ segment_distances(
            'placed.numbers', 'placed.first_segment', 'placed.last_segment',
            'segment_lists.segments', 'segment_lists.first_cores', 'segment_lists.last_cores',
            'core_lists.centers', 'core_lists.scales', 'core_lists.offsets',
        ) }} as distances
    from placed
    cross join segment_lists
    cross join core_lists

),

final as (

    select
        user_id,
        period,
        as_of,
        model_version,
        is_champion,
        {{ nth_segment('distances', 1, 'segment_id') }} as segment_id,
        {{ nth_segment('distances', 2, 'segment_id') }} as runner_up_segment_id,
        sqrt({{ nth_segment('distances', 1, 'squared_distance') }}) as distance,
        sqrt({{ nth_segment('distances', 2, 'squared_distance') }}) as runner_up_distance,
        {{ nearest_probability('distances') }} as confidence,
        -- whoever reads a number by its place must count as many
        {{ dimensions | length }} as number_count,
        numbers
    from measured

)

select * from final
