with

source as (

    select * from {{ source('crm', 'erasures') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        erasure_id,

        -- text
        lower(trim(identifier_kind)) as identifier_kind,
        nullif(trim(identifier_value), '') as identifier_value,
        payload_hash,

        -- times
        requested_at,
        loaded_at,
        {{ unusable_reason(
            "nullif(trim(identifier_value), '')", 'requested_at', 'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
