with

source as (

    select * from {{ source('crm', 'consents') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        consent_id,
        nullif(trim(customer_id), '') as customer_id,
        nullif(trim(login), '') as login,
        nullif(trim(anonymous_id), '') as anonymous_id,
        email_hash,

        -- text
        lower(analytics) as analytics,
        lower(marketing) as marketing,
        payload_hash,

        -- times
        changed_at,
        loaded_at,
        {{ unusable_reason(
            "coalesce(nullif(trim(customer_id), ''), nullif(trim(login), ''), nullif(trim(anonymous_id), ''), email_hash)",
            'changed_at',
            'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
