with

source as (

    select * from {{ source('landing', 'batches') }}

),

final as (

    select
        cast(batch as bigint) as batch,
        source,
        source_table,
        source_file,
        file_sha256,
        rows_in,
        rows_landed,
        rows_rejected,
        loaded_at
    from source

)

select * from final
