{{ config(materialized='view') }}

{% set features = catalogued_features() %}
{% set parameters = ['fill_value', 'lower', 'upper', 'exponent', 'center', 'scale', 'weight', 'transform'] %}

with

users as (

    select * from {{ ref('int_users__features') }}

),

live as (

    select * from {{ ref('seg_models__live') }}

),

learned as (

    select * from {{ ref('seg_feature_parameters') }}

),

levels as (

    select * from {{ ref('seg_model_artifacts') }}
    where record = 'level'

),

-- one wide row per model: every user is computed from it without a join per feature
wide as (

    select
        learned.model_version
        {%- for feature in features %}
            {%- for parameter in parameters %}
                ,
                max(
                    case when learned.feature = '{{ feature }}' then learned.{{ parameter }} end
                )
                    as {{ feature }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
        {%- for dimension in encoded_dimensions() %}
            {%- for parameter in ['center', 'scale', 'weight'] %}
                ,
                max(
                    case
                        when learned.feature = '{{ dimension.name }}' then learned.{{ parameter }}
                    end
                )
                    as {{ dimension.name }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
    from learned
    group by learned.model_version

),

wide_levels as (

    select
        model_version
        {%- for dimension in encoded_dimensions() %}
            ,
            max(
                case
                    when
                        feature = '{{ dimension.category }}' and name = '{{ dimension.slot }}'
                        then text
                end
            ) as {{ dimension.name }}__level
    
        {%- endfor %}
    from levels
    group by model_version

),

imputed as (

    select
        users.user_id,
        users.period,
        users.as_of,
        wide.*,
        {%- for dimension in encoded_dimensions() %}
            case
                when
                    users.{{ dimension.category }} = wide_levels.{{ dimension.name }}__level
                    then 1.0
                else 0.0
            end as {{ dimension.name }}__value,
        {%- endfor %}
        {%- for feature in features %}
            coalesce(
                cast(users.{{ feature }} as double), wide.{{ feature }}__fill_value
            ) as {{ feature }}__value,
        {%- endfor %}
        live.is_champion
    from users
    cross join live
    inner join wide
        on live.model_version = wide.model_version
    left join wide_levels
        on live.model_version = wide_levels.model_version

),

clipped as (

    select
        {%- for feature in features %}
            {{ clip_to_range(feature ~ '__value', feature ~ '__lower', feature ~ '__upper') }}
                as {{ feature }}__clipped,
        {%- endfor %}
        *
    from imputed

),

transformed as (

    select
        {%- for feature in features %}
            {{ transformed(feature ~ '__clipped', feature ~ '__transform', feature ~ '__exponent') }}
                as {{ feature }}__transformed,
        {%- endfor %}
        *
    from clipped

),

final as (

    select
        user_id,
        period,
        as_of,
        model_version,
        {%- for dimension in encoded_dimensions() %}
            ({{ dimension.name }}__value - {{ dimension.name }}__center)
            / {{ dimension.name }}__scale
            * {{ dimension.name }}__weight as {{ dimension.name }},
        {%- endfor %}
        {%- for feature in features %}
            ({{ feature }}__transformed - {{ feature }}__center)
            / {{ feature }}__scale
            * {{ feature }}__weight as {{ feature }},
        {%- endfor %}
        is_champion
    from transformed

)

select * from final
