{{ config(
    materialized='incremental', full_refresh=false, incremental_strategy='append',
    on_schema_change='fail'
) }}

with

matched as (

    select
        user_id,
        persona_id,
        rule_id,
        source,
        as_of
    from {{ ref('seg_personas__matched') }}
    where match_rank = 1

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

{{ remembered_states(['persona_id', 'source']) }},

changed as (

    select
        coalesce(matched.user_id, before.user_id) as user_id,
        case
            when before.user_id is null then 'entered'
            when matched.user_id is null then 'exited'
            else 'moved'
        end as operation,
        before.persona_id as from_persona_id,
        matched.persona_id as to_persona_id,
        before.source as from_source,
        matched.source as to_source,
        matched.rule_id
    from matched
    full outer join before
        on matched.user_id = before.user_id
    where matched.persona_id is distinct from before.persona_id

),

numbered as (

    select
        *,
        row_number() over (order by user_id) as place
    from changed

),

final as (

    select
        {{ surrogate_key(['numbered.user_id', 'last_number.change_number + numbered.place']) }}
            as change_id,
        last_number.change_number + numbered.place as change_number,
        numbered.user_id,
        numbered.operation,
        numbered.from_persona_id,
        numbered.to_persona_id,
        numbered.from_source,
        numbered.to_source,
        numbered.rule_id,
        clock.as_of as changed_at
    from numbered
    cross join last_number
    cross join clock

)

select * from final
