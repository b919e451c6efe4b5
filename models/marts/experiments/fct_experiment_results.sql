{{ config(tags=['weekly']) }}

with

tested as (

    select * from {{ ref('seg_experiments__tested') }}

),

metrics as (

    select * from {{ ref('experiment_metrics') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

final as (

    select
        -- ids
        {{ surrogate_key([
            'tested.experiment_id', 'tested.metric', 'tested.slice_kind', 'tested.slice_id', 'tested.arm',
        ]) }} as experiment_result_id,
        tested.experiment_id,
        tested.slice_id,

        -- text
        tested.metric,
        tested.slice_kind,
        tested.arm,
        metrics.role,
        metrics.direction,
        tested.method,
        tested.verdict,
        tested.invalid_reason,

        -- numbers
        cast(tested.user_count as bigint) as user_count,
        cast(tested.excluded_count as bigint) as excluded_count,
        cast(tested.mean as double) as mean,
        cast(tested.variance as double) as variance,
        cast(tested.lift_absolute as double) as lift_absolute,
        cast(tested.ci_low as double) as ci_low,
        cast(tested.ci_high as double) as ci_high,
        cast(tested.lift_relative as double) as lift_relative,
        cast(tested.relative_ci_low as double) as relative_ci_low,
        cast(tested.relative_ci_high as double) as relative_ci_high,
        cast(tested.p_value as double) as p_value,
        cast(tested.p_value_adjusted as double) as p_value_adjusted,
        cast(tested.variance_reduction as double) as variance_reduction,
        cast(tested.minimum_detectable_effect as double) as minimum_detectable_effect,
        cast(tested.power as double) as power,
        cast(tested.sample_ratio_p_value as double) as sample_ratio_p_value,

        -- booleans
        tested.is_control,
        tested.is_valid,

        -- times
        clock.as_of
    from tested
    inner join metrics
        on
            tested.experiment_id = metrics.experiment_id
            and tested.metric = metrics.metric
    cross join clock

)

select * from final
