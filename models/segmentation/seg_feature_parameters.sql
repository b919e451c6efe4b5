{% set numbers = [
    'fill_value', 'lower', 'upper', 'outlier_lower', 'outlier_upper', 'lambda', 'center', 'scale', 'weight',
] %}

with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}
    where record = 'parameter'

),

final as (

    select
        {{ surrogate_key(['model_version', 'feature']) }} as feature_parameters_id,
        model_version,
        feature,
        max(case when name = 'impute' then text end) as impute,
        max(case when name = 'outlier_method' then text end) as outlier_method,
        max(case when name = 'outlier_action' then text end) as outlier_action,
        max(case when name = 'transform' then text end) as transform,
        {%- for number in numbers %}
            max(case when name = '{{ number }}' then value end)
                as {{ 'exponent' if number == 'lambda' else number }},
        {%- endfor %}
        max(case when name = 'scale_method' then text end) as scale_method
    from artifacts
    group by model_version, feature

)

select * from final
