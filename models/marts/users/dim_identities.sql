{{ config(materialized='view') }}

with

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

final as (

    select
        {{ surrogate_key(['identifier_kind', 'identifier_value']) }} as identity_id,
        identifier_kind,
        identifier_value,
        user_id,
        cast(component_size as bigint) as component_size,
        is_suspect,
        first_seen_at,
        last_seen_at
    from identities

)

select * from final
