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

    select * from {{ ref('stg_ads__costs') }}

),

final as (

    select
        landed.batch,
        landed.source_line,
        landed.campaign_id,
        landed.network,
        landed.campaign,
        landed.currency,
        landed.impressions,
        landed.click_count,
        landed.cost,
        landed.filled_count,
        landed.payload_hash,
        landed.cost_date,
        landed.loaded_at,
        landed.unusable_reason,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
