{{ config(severity='warn', tags=['weekly']) }}
{#- Warns of exposures to an experiment or arm that the seeds do not have: they stand nowhere. -#}
with

arms as (

    select
        arms.experiment_id,
        arms.arm,
        coalesce(experiments.outside_experiment_id, arms.experiment_id) as outside_experiment_id,
        coalesce(arms.outside_arm_id, arms.arm) as outside_arm_id
    from {{ ref('experiment_arms') }} as arms
    inner join {{ ref('experiments') }} as experiments
        on arms.experiment_id = experiments.experiment_id

),

shown as (

    select
        'decisions' as source,
        experiment_id,
        arm,
        count(*) as row_count
    from {{ ref('int_decisions__collected') }}
    where
        experiment_id is not null
        and not is_holdout
    group by experiment_id, arm

    union all

    select
        source,
        outside_experiment_id as experiment_id,
        outside_arm_id as arm,
        count(*) as row_count
    from {{ ref('int_exposures__collected') }}
    where not is_holdback
    group by source, outside_experiment_id, outside_arm_id

)

select shown.*
from shown
left join arms
    on
        shown.experiment_id
        = case shown.source
            when 'decisions' then arms.experiment_id
            else arms.outside_experiment_id
        end
        and shown.arm
        = case shown.source
            when 'decisions' then arms.arm
            else arms.outside_arm_id
        end
where arms.experiment_id is null
