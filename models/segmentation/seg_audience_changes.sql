{{ config(
    materialized='incremental', full_refresh=false, incremental_strategy='append',
    on_schema_change='fail'
) }}

with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

users as (

    select * from {{ ref('seg_users__situated') }}

),

segments as (

    select * from {{ ref('seg_users__assigned') }}

),

shared_holdout as (

    select min(holdout_share) as holdout_share from {{ ref('placements') }}

),

{{ remembered_states(['segment_id', 'persona_id']) }},

-- only who said yes is told to others, and nobody who is held out of everything
members as (

    select
        users.user_id,
        segments.segment_id,
        users.persona_id
    from users
    cross join shared_holdout
    inner join segments
        on users.user_id = segments.user_id
    where
        users.marketing_consent = 'granted'
        and users.analytics_consent <> 'denied'
        and (
            users.holdout_from_share is null
            or shared_holdout.holdout_share = 0
            or users.holdout_from_share > shared_holdout.holdout_share
        )

),

changes as (

    select
        coalesce(members.user_id, before.user_id) as user_id,
        case
            when before.user_id is null then 'entered'
            when members.user_id is null then 'exited'
            else 'moved'
        end as operation,
        before.segment_id as from_segment_id,
        members.segment_id as to_segment_id,
        before.persona_id as from_persona_id,
        members.persona_id as to_persona_id
    from members
    full outer join before
        on members.user_id = before.user_id
    where
        before.user_id is null
        or members.user_id is null
        or before.segment_id <> members.segment_id
        or before.persona_id <> members.persona_id

),

final as (

    select
        last_number.change_number + row_number() over (order by changes.user_id)
            as change_number,
        changes.user_id,
        changes.operation,
        changes.from_segment_id,
        changes.to_segment_id,
        changes.from_persona_id,
        changes.to_persona_id,
        clock.as_of as changed_at
    from changes
    cross join clock
    cross join last_number

)

select * from final
