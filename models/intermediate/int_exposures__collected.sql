{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail'
) }}

with

progress as (

    {{ progress() }}

),

unread as (

    select
        batches.batch,
        batches.run_number
    from {{ ref('int_batches__read') }} as batches
    inner join progress
        on batches.run_number > progress.own_number

),

landed as (

    select
        batch,
        source_line,
        'optimizely' as source,
        'decisions' as source_table,
        visitor_id as login,
        visitor_id as anonymous_id,
        outside_experiment_id,
        outside_arm_id,
        payload_hash,
        is_holdback,
        exposed_at,
        loaded_at,
        unusable_reason
    from {{ ref('stg_optimizely__decisions') }}

    union all

    select
        batch,
        source_line,
        'growthbook' as source,
        'exposures' as source_table,
        login,
        anonymous_id,
        outside_experiment_id,
        outside_arm_id,
        payload_hash,
        false as is_holdback,
        exposed_at,
        loaded_at,
        unusable_reason
    from {{ ref('stg_growthbook__exposures') }}

),

final as (

    select
        landed.batch,
        landed.source_line,
        landed.source,
        landed.source_table,
        landed.login,
        landed.anonymous_id,
        landed.outside_experiment_id,
        landed.outside_arm_id,
        landed.payload_hash,
        landed.is_holdback,
        landed.exposed_at,
        landed.loaded_at,
        landed.unusable_reason,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
