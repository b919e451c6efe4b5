{{ config(materialized='view') }}

with

matches as (

    select * from {{ ref('fct_user_persona_matches') }}
    where is_primary

),

final as (

    select
        -- ids
        user_id,
        persona_id,
        rule_id,
        segment_id,

        -- text
        persona_name,
        source,

        -- numbers
        score,

        -- times
        as_of
    from matches

)

select * from final
