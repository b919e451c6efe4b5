with

personas as (

    select * from {{ ref('personas') }}

),

user_personas as (

    select * from {{ ref('fct_user_personas') }}

),

sizes as (

    select
        persona_id,
        count(*) as user_count
    from user_personas
    group by persona_id

),

total as (

    select count(*) as user_count from user_personas

),

final as (

    select
        -- ids
        personas.persona_id,

        -- text
        personas.persona_name,
        personas.owner,
        personas.kpi,
        personas.description,

        -- numbers
        personas.priority,
        coalesce(sizes.user_count, 0) as user_count,
        coalesce({{ safe_ratio('sizes.user_count', 'total.user_count') }}, 0) as share
    from personas
    cross join total
    left join sizes
        on personas.persona_id = sizes.persona_id

)

select * from final
