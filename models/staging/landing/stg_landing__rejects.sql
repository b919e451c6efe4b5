with

source as (

    select * from {{ source('landing', 'rejects') }}

),

final as (

    select
        cast(batch as bigint) as batch,
        source,
        source_table,
        source_file,
        source_line,
        reason,
        payload_hash,
        loaded_at
    from source

)

select * from final
