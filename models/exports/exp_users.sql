with

users as (

    select * from {{ ref('dim_users') }}
    where analytics_consent <> 'denied'

),

segments as (

    select * from {{ ref('fct_user_segments') }}

),

personas as (

    select * from {{ ref('fct_user_personas') }}

),

final as (

    select
        users.user_id,
        users.kind,
        users.lifecycle_stage,
        users.analytics_consent,
        users.marketing_consent,
        segments.segment_id,
        segments.runner_up_segment_id,
        segments.method,
        segments.margin,
        segments.confidence,
        segments.is_ambiguous,
        personas.persona_id,
        personas.source as persona_source,
        personas.rule_id,
        segments.model_version,
        segments.as_of
    from users
    inner join segments
        on users.user_id = segments.user_id
    inner join personas
        on users.user_id = personas.user_id

)

select * from final
