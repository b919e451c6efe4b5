with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

running as (

    select experiments.*
    from {{ ref('experiments') }} as experiments
    cross join clock
    where
        experiments.starts_at <= clock.as_of
        and experiments.ends_at > clock.as_of

),

users as (

    select * from {{ ref('seg_users__assigned') }}

),

personas as (

    select * from {{ ref('seg_personas__matched') }}
    where match_rank = 1

),

exposed as (

    select * from {{ ref('seg_experiments__exposed') }}

),

first_devices as (

    select
        user_id,
        identifier_value as anonymous_id,
        row_number() over (
            partition by user_id
            order by first_seen_at, identifier_value
        ) as device_number
    from {{ ref('int_identities__resolved') }}
    where
        identifier_kind = 'anonymous'
        -- read only where an experiment asks for it
        and exists (
            select 1 from running
            where running.unit = 'anonymous'
        )

),

-- the arms of an experiment share out the places of the draw, in the order of their names
arms as (

    select
        experiment_id,
        arm,
        shadow_id,
        sum(weight) over experiment_arms * 1000000 - weight * 1000000 as first_place,
        sum(weight) over experiment_arms * 1000000 as last_place
    from {{ ref('experiment_arms') }}
    window experiment_arms as (
        partition by experiment_id
        order by arm
    )

),

taking_part as (

    select
        running.experiment_id,
        users.user_id,
        running.unit,
        running.placement_id
    from users
    inner join running
        on
            running.audience_kind = 'all'
            or (running.audience_kind = 'segment' and users.segment_id = running.audience_id)

    union all

    select
        running.experiment_id,
        personas.user_id,
        running.unit,
        running.placement_id
    from personas
    inner join running
        on
            running.audience_kind = 'persona'
            and personas.persona_id = running.audience_id

),

drawn as (

    select
        taking_part.experiment_id,
        taking_part.user_id,
        taking_part.unit,
        taking_part.placement_id,
        case taking_part.unit
            when 'anonymous' then first_devices.anonymous_id
            else taking_part.user_id
        end as unit_id
    from taking_part
    left join first_devices
        on
            taking_part.user_id = first_devices.user_id
            and taking_part.unit = 'anonymous'
            and first_devices.device_number = 1

),

placed as (

    select
        *,
        {{ place_in_draw('experiment_id', 'unit_id') }} as place
    from drawn
    where unit_id is not null

),

final as (

    select
        placed.experiment_id,
        placed.user_id,
        arms.arm,
        placed.unit,
        coalesce(exposed.unit_id, placed.unit_id) as unit_id,
        placed.placement_id,
        arms.shadow_id,
        exposed.user_id is not null as is_exposed
    from placed
    left join exposed
        on
            placed.experiment_id = exposed.experiment_id
            and placed.user_id = exposed.user_id
    inner join arms
        on
            placed.experiment_id = arms.experiment_id
            and case
                -- whoever saw an arm keeps it
                when exposed.arm is not null then exposed.arm = arms.arm
                else placed.place >= arms.first_place and placed.place < arms.last_place
            end

)

select * from final
