{#-
    Scores and rules take long to plan, so they are named only where a running arm goes by a
    shadow that has a model. Where there is nothing to ask yet, and in a unit test, all
    is planned.
-#}
{% set assigned = ref('seg_experiments__assigned') %}
{% set models = ref('seg_models') %}
{% set shadows = known_rows(
    "select distinct models.model_version from " ~ models ~ " as models "
    ~ "inner join " ~ assigned ~ " as assigned on models.shadow_id = assigned.shadow_id "
    ~ "where models.status = 'shadow'",
    [assigned, models]
) %}
{% set versions = none if shadows is none else shadows | map(attribute=0) | list %}

with

arms as (

    select * from {{ ref('seg_experiments__assigned') }}
    where shadow_id is not null

),

places as (

    select * from {{ ref('seg_users__assigned') }}

),

shadows as (

    select * from {{ ref('seg_models') }}
    where status = 'shadow'

),

-- a shadow learns nothing of beginnings, so who is too new stays with the champion's guess
judged as (

    select
        arms.experiment_id,
        arms.user_id,
        arms.placement_id,
        arms.shadow_id,
        shadows.model_version,
        case
            when shadows.model_version is null then 'champion_no_model'
            when places.is_cold_start then 'champion_cold_start'
            else 'shadow'
        end as segmented_by
    from arms
    inner join places
        on arms.user_id = places.user_id
    left join shadows
        on arms.shadow_id = shadows.shadow_id

),

{% if versions == [] -%}
    final as (

        select
            experiment_id,
            user_id,
            placement_id,
            shadow_id,
            segmented_by,
            model_version,
            cast(null as varchar) as segment_id,
            cast(null as varchar) as persona_id,
            cast(null as varchar) as persona_rule_id,
            cast(null as double) as margin,
            cast(null as boolean) as is_unsure
        from judged

    )
{%- else -%}
    clock as (

        select * from {{ ref('int_time__resolved') }}

    ),

    placements as (

        select * from {{ ref('placements') }}

    ),

    scored as (

        select
            user_id,
            model_version,
            segment_id,
            distance,
            runner_up_distance,
            confidence,
            as_of
        from {{ ref('seg_users__scored') }}
        where
            period = 'current'
            and not is_champion
            and model_version in (
                {{ "'" ~ versions | join("', '") ~ "'" if versions else 'select model_version from shadows' }}
            )

    ),

    wanted as (

        -- of two experiments on two placements that go by one shadow
        select distinct
            user_id,
            model_version
        from judged
        where segmented_by = 'shadow'

    ),

    users as (

        select
            scored.user_id,
            scored.model_version,
            scored.segment_id,
            'cluster' as method,
            {{ segment_margin('scored.distance', 'scored.runner_up_distance') }} as margin,
            scored.confidence,
            scored.as_of
        from scored
        inner join wanted
            on
                scored.user_id = wanted.user_id
                and scored.model_version = wanted.model_version

    ),

    features as (

        select
            current_features.*,
            wanted.model_version
        from {{ ref('int_users__current') }} as current_features
        inner join wanted
            on current_features.user_id = wanted.user_id

    ),

    -- those of the champion stand in seg_segment_traits
    traits as (

        select
            model_version,
            segment_id,
            feature,
            value as z_score
        from {{ ref('seg_model_artifacts') }}
        where
            record = 'trait'
            and name = 'z_score'

    ),

    firings as (

        select * from {{ ref('int_triggers__walked') }}
        where user_id in (select wanted.user_id from wanted)

    ),

    personas as (

        select * from {{ ref('personas') }}

    ),

    rules as (

        select
            *,
            {{ dbt.split_part('subject', "':'", 1) }} as subject_kind,
            {{ dbt.split_part('subject', "':'", 2) }} as subject_name
        from {{ ref('persona_rules') }}

    ),

    {{ persona_matches(by_model=true) }},

    final as (

        select
            judged.experiment_id,
            judged.user_id,
            judged.placement_id,
            judged.shadow_id,
            judged.segmented_by,
            matches.model_version,
            matches.segment_id,
            matches.persona_id,
            matches.rule_id as persona_rule_id,
            users.margin,
            -- what facts decide is sure, whatever the segment
            matches.source = 'cluster' and users.margin < placements.min_margin as is_unsure
        from judged
        inner join placements
            on judged.placement_id = placements.placement_id
        left join users
            on
                judged.user_id = users.user_id
                and judged.model_version = users.model_version
        left join matches
            on
                users.user_id = matches.user_id
                and users.model_version = matches.model_version
                and matches.match_rank = 1

    )
{%- endif %}

select * from final
