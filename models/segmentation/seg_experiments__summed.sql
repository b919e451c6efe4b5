{{ config(tags=['weekly']) }}

with

measured as (

    select
        *,
        case when is_excluded then 0 else 1 end as included
    from {{ ref('seg_experiments__measured') }}

),

metrics as (

    select * from {{ ref('experiment_metrics') }}

),

sliced as (

    select
        'all' as slice_kind,
        'all' as slice_id,
        *
    from measured

    union all

    select
        'segment' as slice_kind,
        coalesce(segment_id, 'unknown') as slice_id,
        *
    from measured

    union all

    select
        'persona' as slice_kind,
        coalesce(persona_id, 'unknown') as slice_id,
        *
    from measured

),

summed as (

    {% for metric in measured_metrics() -%}
        select
            experiment_id,
            slice_kind,
            slice_id,
            arm,
            '{{ metric }}' as metric,
            sum(included) as user_count,
            sum(1 - included) as excluded_count,
            sum(included * {{ metric }}) as value_sum,
            sum(included * {{ metric }} * {{ metric }}) as value_square_sum,
            sum(included * pre_{{ metric }}) as pre_sum,
            sum(included * pre_{{ metric }} * pre_{{ metric }}) as pre_square_sum,
            sum(included * {{ metric }} * pre_{{ metric }}) as product_sum
        from sliced
        group by experiment_id, slice_kind, slice_id, arm
        {{ 'union all' if not loop.last }}

    {% endfor %}

),

final as (

    select
        summed.experiment_id,
        summed.metric,
        summed.slice_kind,
        summed.slice_id,
        summed.arm,
        cast(summed.user_count as bigint) as user_count,
        cast(summed.excluded_count as bigint) as excluded_count,
        -- decimals as text: no digit of a sum is lost on the way to the test
        cast(summed.value_sum as {{ dbt.type_string() }}) as value_sum,
        cast(summed.value_square_sum as {{ dbt.type_string() }}) as value_square_sum,
        cast(summed.pre_sum as {{ dbt.type_string() }}) as pre_sum,
        cast(summed.pre_square_sum as {{ dbt.type_string() }}) as pre_square_sum,
        cast(summed.product_sum as {{ dbt.type_string() }}) as product_sum
    from summed
    inner join metrics
        on
            summed.experiment_id = metrics.experiment_id
            and summed.metric = metrics.metric

)

select * from final
