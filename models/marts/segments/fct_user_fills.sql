{{ config(materialized='view') }}

with

scaled as (

    select * from {{ ref('seg_users__scaled') }}
    where
        period = 'current'
        and is_champion

),

final as (

    select
        user_id,
        fills,
        model_version,
        as_of
    from scaled
    where fills <> ''

)

select * from final
