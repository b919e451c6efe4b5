{{ config(materialized='view') }}

with

-- only what a live model clusters on
vectors as (

    select
        artifacts.model_version,
        artifacts.feature as dimension,
        artifacts.text as item_kind,
        artifacts.name as item,
        artifacts.value as worth
    from {{ ref('seg_model_artifacts') }} as artifacts
    inner join {{ ref('seg_models__live') }} as live
        on artifacts.model_version = live.model_version
    inner join {{ ref('seg_feature_parameters') }} as learned
        on
            artifacts.model_version = learned.model_version
            and artifacts.feature = learned.feature
    where
        artifacts.record = 'vector'
        and learned.is_clustered = 1

),

vocabulary as (

    select distinct  -- an item has a vector in each dimension of each model
        item_kind,
        item
    from vectors

),

-- no row where there is no vector: crossed with it, no item is read at all
any_vector as (

    select dimension
    from vectors
    order by dimension
    limit 1

),

counted as (

    select
        items.user_id,
        items.period,
        items.as_of,
        items.item_kind,
        items.item,
        cast(sum(items.item_count) as double) as item_count
    from {{ ref('int_users__items') }} as items
    cross join any_vector
    inner join vocabulary
        on
            items.item_kind = vocabulary.item_kind
            and items.item = vocabulary.item
    group by items.user_id, items.period, items.as_of, items.item_kind, items.item

),

measured as (

    select
        counted.user_id,
        counted.period,
        counted.as_of,
        vectors.model_version,
        vectors.dimension,
        sum(counted.item_count * vectors.worth) / sum(counted.item_count) as mean_worth,
        -- Shannon entropy in nats: ln(n) less the mean of ln(count) weighted by count
        abs(round(
            ln(sum(counted.item_count))
            - sum(counted.item_count * ln(counted.item_count)) / sum(counted.item_count),
            9
        )) as entropy
    from counted
    inner join vectors
        on
            counted.item_kind = vectors.item_kind
            and counted.item = vectors.item
    group by
        counted.user_id, counted.period, counted.as_of, vectors.model_version, vectors.dimension

),

final as (

    select
        user_id,
        period,
        as_of,
        {%- for dimension in item_dimensions() %}
            max(
                case
                    when dimension = '{{ dimension.name }}'
                        then {{ 'entropy' if dimension.encode == 'entropy' else 'mean_worth' }}
                end
            ) as {{ dimension.name }},
        {%- endfor %}
        model_version
    from measured
    group by user_id, period, as_of, model_version

)

select * from final
