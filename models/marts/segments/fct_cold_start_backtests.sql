{% set bin_count = 10 %}

with

judged as (

    select * from {{ ref('seg_guesses__judged') }}

),

populations as (

    select
        *,
        'all' as population
    from judged

    union all

    select
        *,
        'short' as population
    from judged
    where is_short

),

bins as (

    select
        population,
        method,
        count(*) as user_count,
        sum(confidence) as confidence,
        count(case when is_hit then 1 end) as hit_count
    from populations
    group by
        population,
        method,
        least(floor(confidence * {{ bin_count }}), {{ bin_count - 1 }})

),

-- expected calibration error (Naeini and others, 2015)
calibration as (

    select
        population,
        method,
        sum(abs(confidence - hit_count)) / sum(user_count) as calibration_error
    from bins
    group by population, method

),

counted as (

    select
        population,
        method,
        min(model_version) as model_version,
        min(majority_segment_id) as majority_segment_id,
        count(*) as user_count,
        count(case when is_hit then 1 end) as hit_count,
        count(case when is_majority_hit then 1 end) as majority_hit_count,
        avg(confidence) as mean_confidence,
        avg(-ln(later_probability)) as log_loss
    from populations
    group by population, method

),

final as (

    select
        {{ surrogate_key(['counted.population', 'counted.method']) }} as backtest_id,
        counted.population,
        counted.method,
        counted.model_version,
        counted.user_count,
        counted.hit_count,
        {{ safe_ratio('counted.hit_count', 'counted.user_count') }} as hit_share,
        {{ wilson_bound('counted.hit_count', 'counted.user_count', -1) }} as hit_share_low,
        {{ wilson_bound('counted.hit_count', 'counted.user_count', 1) }} as hit_share_high,
        counted.majority_segment_id,
        {{ safe_ratio('counted.majority_hit_count', 'counted.user_count') }}
            as majority_hit_share,
        {{ safe_ratio('counted.hit_count', 'counted.majority_hit_count') }} as lift,
        counted.mean_confidence,
        calibration.calibration_error,
        counted.log_loss,
        coalesce(
            {{ wilson_bound('counted.hit_count', 'counted.user_count', -1) }}
            > {{ safe_ratio('counted.majority_hit_count', 'counted.user_count') }},
            false
        ) as is_better_than_majority
    from counted
    inner join calibration
        on
            counted.population = calibration.population
            and counted.method = calibration.method

)

select * from final
