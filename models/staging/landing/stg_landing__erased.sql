with

source as (

    select * from {{ source('landing', 'erased') }}

),

final as (

    select
        cast(batch as bigint) as batch,
        source,
        source_table,
        rows_erased,
        loaded_date
    from source

)

select * from final
