with

valued as (

    select * from {{ ref('seg_segment_values') }}

),

final as (

    select
        {{ surrogate_key(['segment_id', 'kpi']) }} as segment_value_id,
        segment_id,
        kpi,
        user_count,
        mean,
        mean_low,
        mean_high,
        rest_mean,
        difference,
        p_value,
        p_value_adjusted,
        is_different,
        interval_method,
        test_method
    from valued

)

select * from final
