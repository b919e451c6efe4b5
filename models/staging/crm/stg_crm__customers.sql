with

source as (

    select * from {{ source('crm', 'customers') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        nullif(trim(customer_id), '') as customer_id,
        nullif(trim(login), '') as login,
        email_hash,
        phone_hash,

        -- text
        nullif(lower(trim(gender)), '') as gender,
        nullif(trim(country), '') as country,
        nullif(trim(city), '') as city,
        nullif(lower(trim(plan)), '') as plan,

        -- numbers
        satisfaction_score,
        filled_count,
        payload_hash,

        -- times
        birth_date,
        signed_up_at,
        coalesce(updated_at, signed_up_at) as updated_at,
        loaded_at,
        {{ unusable_reason(
            "coalesce(nullif(trim(customer_id), ''), nullif(trim(login), ''), email_hash, phone_hash)",
            'coalesce(updated_at, signed_up_at, loaded_at)',
            'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
