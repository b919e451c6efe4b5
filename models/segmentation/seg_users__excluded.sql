with

users as (

    select * from {{ ref('int_users__current') }}

),

models as (

    select * from {{ ref('seg_models') }}
    where is_champion

),

bounds as (

    select seg_feature_parameters.*
    from {{ ref('seg_feature_parameters') }} as seg_feature_parameters
    inner join models
        on seg_feature_parameters.model_version = models.model_version
    where seg_feature_parameters.outlier_action = 'exclude'

),

unfolded as (

    {% for feature in catalogued_features() -%}
        select
            users.user_id,
            bounds.feature
        from users
        inner join bounds
            on
                bounds.feature = '{{ feature }}'
                and (
                    users.{{ feature }} < bounds.outlier_lower
                    or users.{{ feature }} > bounds.outlier_upper
                )
        {% if not loop.last %}
            union all

        {% endif -%}
    {%- endfor %}

),

final as (

    select
        user_id,
        count(*) as excluding_feature_count
    from unfolded
    group by user_id

)

select * from final
