{{ config(materialized='view') }}

with

matched as (

    select * from {{ ref('seg_personas__matched') }}

),

personas as (

    select * from {{ ref('personas') }}

),

final as (

    select
        -- ids
        {{ surrogate_key(['matched.user_id', 'matched.rule_id']) }} as user_persona_match_id,
        matched.user_id,
        matched.rule_id,
        matched.persona_id,
        matched.segment_id,

        -- text
        personas.persona_name,
        matched.source,

        -- numbers
        cast(matched.priority as bigint) as priority,
        cast(matched.match_rank as bigint) as match_rank,
        cast(matched.score as double) as score,

        -- booleans
        matched.match_rank = 1 as is_primary,

        -- times
        matched.as_of
    from matched
    inner join personas
        on matched.persona_id = personas.persona_id

)

select * from final
