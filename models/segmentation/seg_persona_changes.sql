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

remembered as (

    {% if is_incremental() -%}
        select
            change_number,
            user_id,
            to_persona_id,
            to_source
        from {{ this }}
    {%- else -%}
        select
            cast(null as bigint) as change_number,
            cast(null as varchar) as user_id,
            cast(null as varchar) as to_persona_id,
            cast(null as varchar) as to_source
        where 1 = 0
    {%- endif %}

),

last_number as (

    select coalesce(max(change_number), 0) as change_number
    from remembered

),

last_changes as (

    select
        user_id,
        max(change_number) as change_number
    from remembered
    group by user_id

),

-- whoever exited last has no persona
before as (

    select
        remembered.user_id,
        remembered.to_persona_id as persona_id,
        remembered.to_source as source
    from remembered
    inner join last_changes
        on
            remembered.user_id = last_changes.user_id
            and remembered.change_number = last_changes.change_number
    where remembered.to_persona_id is not null

),

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
