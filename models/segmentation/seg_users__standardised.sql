{{ config(materialized='view') }}

{% set parameters = [
    'absurd_lower', 'absurd_upper', 'lower', 'upper', 'exponent', 'center', 'scale', 'transform',
] %}
{% set dimensions = item_dimensions() | map(attribute='name') | list %}
{% set features = catalogued_features() + dimensions %}
{% set counts = [] -%}
{% for filled in imputed_features().values() -%}
    {% do counts.extend(filled.values()) -%}
{% endfor -%}
{% set counts = counts | select | unique | list %}

with

users as (

    select * from {{ ref('int_users__features') }}

),

live as (

    select * from {{ ref('seg_models__live') }}

),

embedded as (

    select * from {{ ref('seg_users__embedded') }}

),

learned as (

    select * from {{ ref('seg_feature_parameters') }}

),

-- one wide row per model: every user is computed from it without a join per feature
wide as (

    select
        model_version
        {%- for feature in features %}
            {%- for parameter in parameters %}
                ,
                max(case when feature = '{{ feature }}' then {{ parameter }} end)
                    as {{ feature }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
    from learned
    group by model_version

),

clipped as (

    select
        users.user_id,
        users.period,
        users.as_of,
        live.is_champion,
        {%- for category in catalogued_categories() %}
            users.{{ category }},
        {%- endfor %}
        {%- for count in counts %}
            coalesce(users.{{ count }} = 0, false) as {{ count }}__is_zero,
        {%- endfor %}
        {%- for feature in features %}
            {{ known_in_range(
                ('embedded.' if feature in dimensions else 'users.') ~ feature,
                'wide.' ~ feature ~ '__absurd_lower',
                'wide.' ~ feature ~ '__absurd_upper',
                'wide.' ~ feature ~ '__lower',
                'wide.' ~ feature ~ '__upper',
            ) }} as {{ feature }}__clipped,
        {%- endfor %}
        wide.*
    from users
    cross join live
    inner join wide
        on live.model_version = wide.model_version
    left join embedded
        on
            users.user_id = embedded.user_id
            and users.period = embedded.period
            and users.as_of = embedded.as_of
            and live.model_version = embedded.model_version

),

transformed as (

    select
        {%- for feature in features %}
            {{ transformed(
                'cast(' ~ feature ~ '__clipped as double)',
                feature ~ '__transform',
                feature ~ '__exponent',
            ) }} as {{ feature }}__transformed,
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
        {%- for category in catalogued_categories() %}
            {{ category }},
        {%- endfor %}
        {%- for feature in features %}
            ({{ feature }}__transformed - {{ feature }}__center) / {{ feature }}__scale
                as {{ feature }},
        {%- endfor %}
        {%- for count in counts %}
            {{ count }}__is_zero,
        {%- endfor %}
        is_champion
    from transformed

)

select * from final
