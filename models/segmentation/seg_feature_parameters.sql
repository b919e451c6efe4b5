{% set numbers = [
    'fill_value', 'absurd_lower', 'absurd_upper', 'lower', 'upper', 'outlier_lower',
    'outlier_upper', 'lambda', 'center', 'scale', 'weight', 'is_clustered',
] %}

with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}
    where record = 'parameter'

),

learned as (

    select
        model_version,
        feature,
        max(case when name = 'impute' then text end) as impute,
        max(case when name = 'missing_without' then text end) as missing_without,
        max(case when name = 'fallback' then text end) as fallback,
        max(case when name = 'outlier_method' then text end) as outlier_method,
        max(case when name = 'outlier_action' then text end) as outlier_action,
        max(case when name = 'transform' then text end) as transform,
        {%- for number in numbers %}
            max(case when name = '{{ number }}' then value end)
                as {{ 'exponent' if number == 'lambda' else number }},
        {%- endfor %}
        max(case when name = 'scale_method' then text end) as scale_method,
        max(case when name = 'encode' then text end) as encode,
        max(case when name = 'fill_value' then text end) as fill_level,
        max(case when name = 'selection_reason' then text end) as selection_reason
    from artifacts
    group by model_version, feature

),

clipped as (

    select
        *,
        {{ clip_to_range('fill_value', 'lower', 'upper') }} as clipped_fill
    from learned

),

final as (

    select
        {{ surrogate_key(['model_version', 'feature']) }} as feature_parameters_id,
        model_version,
        feature,
        impute,
        missing_without,
        fallback,
        outlier_method,
        outlier_action,
        transform,
        {%- for number in numbers %}
            {{ 'exponent' if number == 'lambda' else number }},
        {%- endfor %}
        scale_method,
        encode,
        fill_level,
        selection_reason,
        ({{ transformed('clipped_fill', 'transform', 'exponent') }} - center) / scale
            as standard_fill
    from clipped

)

select * from final
