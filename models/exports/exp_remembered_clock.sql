with

rows_out as (

    select * from {{ ref('int_time__resolved') }}

),

final as (

    select
        clock,
        as_of,
        run_number
    from rows_out

)

select * from final
