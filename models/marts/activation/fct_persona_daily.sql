{{ config(materialized='view') }}

with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

personas as (

    select persona_id from {{ ref('personas') }}

),

changes as (

    select
        *,
        cast(changed_at as date) as day
    from {{ ref('seg_persona_changes') }}

),

span as (

    select
        min(changes.changed_at) as first_at,
        max(clock.as_of) as last_at
    from changes
    cross join clock

),

days as (

    select cast(dates.day as date) as day
    from (
        select {{ days_series('first_at', 'last_at') }} as day
        from span
    ) as dates

),

steps as (

    select
        day,
        to_persona_id as persona_id,
        1 as entered,
        0 as exited
    from changes
    where to_persona_id is not null

    union all

    select
        day,
        from_persona_id as persona_id,
        0 as entered,
        1 as exited
    from changes
    where from_persona_id is not null

),

summed as (

    select
        day,
        persona_id,
        sum(entered) as entered,
        sum(exited) as exited
    from steps
    group by day, persona_id

),

sizes as (

    select
        days.day,
        personas.persona_id,
        coalesce(summed.entered, 0) as entered,
        coalesce(summed.exited, 0) as exited,
        sum(coalesce(summed.entered, 0) - coalesce(summed.exited, 0)) over (
            partition by personas.persona_id
            order by days.day
            rows between unbounded preceding and current row
        ) as size
    from days
    cross join personas
    left join summed
        on
            days.day = summed.day
            and personas.persona_id = summed.persona_id

),

final as (

    select
        {{ surrogate_key(['day', 'persona_id']) }} as persona_day_id,
        day,
        persona_id,
        cast(size as bigint) as size,
        {{ safe_ratio('size', 'sum(size) over (partition by day)') }} as share,
        cast(entered as bigint) as entered,
        cast(exited as bigint) as exited
    from sizes

)

select * from final
