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

    select * from {{ ref('stg_crm__customers') }}

),

final as (

    select
        landed.batch,
        landed.source_line,
        landed.customer_id,
        landed.login,
        landed.email_hash,
        landed.phone_hash,
        landed.gender,
        landed.country,
        landed.city,
        landed.plan,
        landed.satisfaction_score,
        landed.filled_count,
        landed.payload_hash,
        landed.birth_date,
        landed.signed_up_at,
        landed.updated_at,
        landed.loaded_at,
        landed.unusable_reason,
        unread.run_number
    from landed
    inner join unread
        on landed.batch = unread.batch

)

select * from final
