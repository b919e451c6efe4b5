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

    select * from {{ ref('stg_crm__consents') }}

),

final as (

    select
        landed.batch,
        landed.source_line,
        landed.consent_id,
        landed.customer_id,
        landed.login,
        landed.anonymous_id,
        landed.email_hash,
        landed.analytics,
        landed.marketing,
        landed.payload_hash,
        landed.changed_at,
        landed.loaded_at,
        landed.unusable_reason,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
