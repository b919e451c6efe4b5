{{ config(materialized='view') }}

{% set features = catalogued_features() %}
{% set filled = imputed_features().knn %}

with

users as (

    select * from {{ ref('seg_users__standardised') }}

),

-- only of what a live model clusters on; with nothing of the kind no user is read at all
donors as (

    select
        artifacts.model_version,
        artifacts.feature,
        artifacts.cluster_number as donor_number,
        {%- for feature in features %}
            max(case when artifacts.name = '{{ feature }}' then artifacts.value end)
                as {{ feature }},
        {%- endfor %}
        max(case when artifacts.name = 'value' then artifacts.value end) as donor_value
    from {{ ref('seg_model_artifacts') }} as artifacts
    inner join {{ ref('seg_models__live') }} as live
        on artifacts.model_version = live.model_version
    inner join {{ ref('seg_feature_parameters') }} as learned
        on
            artifacts.model_version = learned.model_version
            and artifacts.feature = learned.feature
    where
        artifacts.record = 'donor'
        and learned.is_clustered = 1
    group by artifacts.model_version, artifacts.feature, artifacts.cluster_number

),

wanted as (

    select distinct  -- a feature has a hundred donors
        model_version,
        feature
    from donors

),

gaps as (

    select
        users.*,
        wanted.feature
    from users
    inner join wanted
        on users.model_version = wanted.model_version
    where
        {% for feature in filled -%}
            {{ 'or ' if not loop.first }}(wanted.feature = '{{ feature }}' and users.{{ feature }} is null)
        {% endfor %}

),

-- what is unknown of the user, or says nothing of the feature, takes no part
measured as (

    select
        gaps.user_id,
        gaps.period,
        gaps.as_of,
        gaps.model_version,
        gaps.feature,
        donors.donor_number,
        donors.donor_value,
        {%- for feature in features %}
            coalesce(
                (gaps.{{ feature }} - donors.{{ feature }})
                * (gaps.{{ feature }} - donors.{{ feature }}),
                0
            ){{ ' +' if not loop.last }}
        {%- endfor %} as squared_distance,
        coalesce(
            {%- for feature in features %}
                gaps.{{ feature }} - donors.{{ feature }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) is not null as is_placed
    from gaps
    inner join donors
        on
            gaps.model_version = donors.model_version
            and gaps.feature = donors.feature

),

nearest as (

    select
        user_id,
        period,
        as_of,
        model_version,
        feature,
        {{ mean_of_first('donor_value', ['squared_distance', 'donor_number'], 3) }} as filled_value
    from measured
    where is_placed
    group by user_id, period, as_of, model_version, feature

),

final as (

    select
        user_id,
        period,
        as_of,
        {%- for feature in filled %}
            max(case when feature = '{{ feature }}' then filled_value end) as {{ feature }},
        {%- endfor %}
        model_version
    from nearest
    group by user_id, period, as_of, model_version

)

select * from final
