{% set bin_count = 10 %}

with

judged as (

    select
        *,
        -- a certain guess belongs to the last bin
        1 + cast(least(floor(confidence * {{ bin_count }}), {{ bin_count - 1 }}) as integer)
            as bin_number
    from {{ ref('seg_guesses__judged') }}

),

counted as (

    select
        method,
        bin_number,
        min(model_version) as model_version,
        count(*) as user_count,
        count(case when is_hit then 1 end) as hit_count,
        avg(confidence) as mean_confidence
    from judged
    group by method, bin_number

),

final as (

    select
        {{ surrogate_key(['method', 'bin_number']) }} as calibration_id,
        method,
        bin_number,
        cast(bin_number - 1 as double) / {{ bin_count }} as confidence_from,
        cast(bin_number as double) / {{ bin_count }} as confidence_to,
        model_version,
        user_count,
        hit_count,
        mean_confidence,
        {{ safe_ratio('hit_count', 'user_count') }} as hit_share,
        {{ wilson_bound('hit_count', 'user_count', -1) }} as hit_share_low,
        {{ wilson_bound('hit_count', 'user_count', 1) }} as hit_share_high
    from counted

)

select * from final
