with

segments as (

    select * from {{ ref('dim_segments') }}

),

final as (

    select
        segment_id,
        status,
        label,
        top_traits,
        size,
        share
    from segments

)

select * from final
