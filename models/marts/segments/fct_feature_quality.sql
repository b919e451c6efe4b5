{% set numbers = [
    'row_count', 'null_count', 'null_share', 'absurd_count', 'fill_value', 'outlier_z_count',
    'outlier_iqr_count', 'rows_changed', 'rows_excluded', 'mean_before', 'std_before', 'mean_after', 'std_after', 'psi',
] %}
{% set quantiles = ['min', 'q05', 'q25', 'median', 'q75', 'q95', 'max'] %}

with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}

),

quality as (

    select
        run_id,
        model_version,
        feature,
        {%- for number in numbers %}
            max(case when name = '{{ number }}' then value end) as {{ number }},
        {%- endfor %}
        {%- for quantile in quantiles %}
            max(case when name = '{{ quantile }}_before' then value end) as {{ quantile }}_before,
            max(case when name = '{{ quantile }}_after' then value end)
                as {{ quantile }}_after,
        {%- endfor %}
        min(as_of) as as_of
    from artifacts
    where record = 'quality'
    group by run_id, model_version, feature

),

parameters as (

    select * from {{ ref('seg_feature_parameters') }}

),

final as (

    select
        {{ surrogate_key(['quality.run_id', 'quality.model_version', 'quality.feature']) }}
            as feature_quality_id,
        quality.run_id,
        quality.model_version,
        quality.feature,
        parameters.impute as fill_method,
        parameters.outlier_method,
        parameters.outlier_action,
        parameters.transform,
        parameters.scale_method,
        parameters.encode,
        parameters.is_clustered = 1 as is_clustered,
        parameters.selection_reason,
        {%- for number in numbers %}
            quality.{{ number }},
        {%- endfor %}
        {%- for quantile in quantiles %}
            quality.{{ quantile }}_before,
            quality.{{ quantile }}_after,
        {%- endfor %}
        quality.as_of
    from quality
    left join parameters
        on
            quality.model_version = parameters.model_version
            and quality.feature = parameters.feature

)

select * from final
