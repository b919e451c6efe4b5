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

    select * from {{ ref('stg_decisions__served') }}

),

final as (

    select
        landed.decision_id,
        landed.batch,
        landed.source_line,
        landed.user_id,
        landed.anonymous_id,
        landed.placement_id,
        landed.variant_id,
        landed.persona_id,
        landed.rule_id,
        landed.experiment_id,
        landed.arm,
        landed.reason,
        landed.payload_hash,
        landed.is_holdout,
        landed.served_at,
        landed.valid_until,
        landed.loaded_at,
        landed.unusable_reason,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
