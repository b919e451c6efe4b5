with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

experiments as (

    select * from {{ ref('experiments') }}

),

arms as (

    select * from {{ ref('experiment_arms') }}

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

-- the arms of a shadow decide by another persona than the control does; as slices of results
-- they would compare people who are not alike, so the one that is remembered counts for both
of_shadows as (

    select distinct experiment_id
    from arms
    where shadow_id is not null

),

served as (

    select
        experiment_id,
        arm,
        user_id,
        cast(null as varchar) as login,
        nullif(trim(anonymous_id), '') as anonymous_id,
        persona_id,
        served_at as exposed_at
    from {{ ref('int_decisions__collected') }}
    where
        unusable_reason is null
        and experiment_id is not null
        and not is_holdout

    union all

    select
        experiments.experiment_id,
        arms.arm,
        cast(null as varchar) as user_id,
        imported.login,
        imported.anonymous_id,
        cast(null as varchar) as persona_id,
        imported.exposed_at
    from {{ ref('int_exposures__collected') }} as imported
    inner join experiments
        on
            imported.outside_experiment_id
            = coalesce(experiments.outside_experiment_id, experiments.experiment_id)
    inner join arms
        on
            experiments.experiment_id = arms.experiment_id
            and imported.outside_arm_id = coalesce(arms.outside_arm_id, arms.arm)
    where
        imported.unusable_reason is null
        and not imported.is_holdback

),

-- one experiment at a time holds a placement, and only what was shown while it ran counts
shown as (

    select
        served.experiment_id,
        served.arm,
        case when of_shadows.experiment_id is null then served.persona_id end as persona_id,
        served.exposed_at,
        case
            when experiments.unit = 'anonymous' and served.anonymous_id is not null
                then served.anonymous_id
            else coalesce(served.user_id, served.login, served.anonymous_id)
        end as unit_id,
        case
            -- the id of a user is the hash of an identifier, so one that was served is still
            -- known by it after it was joined to another
            when served.user_id is not null
                then {{ identifier_key_from_user_id('served.user_id') }}
            when experiments.unit = 'user' and served.login is not null
                then {{ text_number("'login|' || served.login") }}
            else {{ text_number("'anonymous|' || served.anonymous_id") }}
        end as identifier_key
    from served
    inner join experiments
        on
            served.experiment_id = experiments.experiment_id
            and served.exposed_at >= experiments.starts_at
            and served.exposed_at < experiments.ends_at
    inner join arms
        on
            served.experiment_id = arms.experiment_id
            and served.arm = arms.arm
    left join of_shadows
        on served.experiment_id = of_shadows.experiment_id
    cross join clock
    where {{ known_at('served.exposed_at', 'clock.as_of') }}

),

-- copies of a record and repeated views fold here, before anybody is looked up
first_of_identifiers as (

    select
        experiment_id,
        arm,
        identifier_key,
        {{ nth_by('unit_id', ['exposed_at', 'unit_id'], 1) }} as unit_id,
        -- the first decision's own, known or not: what came later may be the arm's doing
        nullif({{ nth_by("coalesce(persona_id, '')", ['exposed_at', 'persona_id'], 1) }}, '')
            as persona_id,
        min(exposed_at) as first_exposed_at
    from shown
    group by experiment_id, arm, identifier_key

),

of_users as (

    select
        first_of_identifiers.*,
        identities.user_id,
        row_number() over (
            partition by first_of_identifiers.experiment_id, identities.user_id
            order by
                first_of_identifiers.first_exposed_at,
                first_of_identifiers.unit_id,
                first_of_identifiers.arm
        ) as exposure_number
    from first_of_identifiers
    inner join identities
        on first_of_identifiers.identifier_key = identities.identifier_key

),

arm_counts as (

    select
        experiment_id,
        user_id,
        count(distinct arm) as arm_count
    from of_users
    group by experiment_id, user_id

),

final as (

    select
        of_users.experiment_id,
        of_users.user_id,
        of_users.arm,
        of_users.unit_id,
        of_users.persona_id,
        arm_counts.arm_count,
        of_users.first_exposed_at
    from of_users
    inner join arm_counts
        on
            of_users.experiment_id = arm_counts.experiment_id
            and of_users.user_id = arm_counts.user_id
    where of_users.exposure_number = 1

)

select * from final
