{#- Stops the build for rows of the experiment seeds that cannot be run, each with its remedy. -#}
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

metrics as (

    select * from {{ ref('experiment_metrics') }}

),

audiences as (

    select
        'persona' as audience_kind,
        persona_id as audience_id
    from {{ ref('personas') }}

    union distinct

    select
        'segment' as audience_kind,
        centers.segment_id as audience_id
    from {{ ref('seg_segment_centers') }} as centers
    inner join {{ ref('seg_models') }} as models
        on centers.model_version = models.model_version
    -- nobody takes part by a segment that only a shadow knows
    where models.shadow_id is null

),

-- with the model that scores, when it has been fitted
shadows as (

    select
        asked.shadow_id,
        models.model_version
    from {{ ref('shadow_models') }} as asked
    left join {{ ref('seg_models') }} as models
        on
            asked.shadow_id = models.shadow_id
            and models.status = 'shadow'

),

placements as (

    select * from {{ ref('placements') }}

),

copies as (

    select
        experiment_id,
        count(*) as copy_count
    from experiments
    group by experiment_id

),

arm_sums as (

    select
        experiment_id,
        count(*) as arm_count,
        count(distinct arm) as name_count,
        count(case when is_control then 1 end) as control_count,
        sum(weight) as weight
    from arms
    group by experiment_id

),

metric_sums as (

    select
        experiment_id,
        count(*) as metric_count,
        count(distinct metric) as name_count,
        count(case when role = 'goal' then 1 end) as goal_count
    from metrics
    group by experiment_id

),

of_experiments as (

    select
        'experiments' as seed,
        experiments.experiment_id as row_name,
        case
            when experiments.experiment_id is null
                then 'has no experiment_id; give each experiment a name'
            when copies.copy_count > 1
                then 'stands there ' || copies.copy_count || ' times; give each experiment an id of its own'
            when experiments.starts_at is null or experiments.ends_at is null
                then 'has no starts_at or ends_at; plan both, such as 2026-02-02 00:00:00'
            when experiments.ends_at <= experiments.starts_at
                then
                    'ends at ' || experiments.ends_at || ', not after its start at ' || experiments.starts_at
                    || '; correct one of the two'
            when experiments.unit is null or experiments.unit not in ('user', 'anonymous')
                then 'has the unit ' || coalesce(experiments.unit, 'nothing') || '; say user or anonymous'
            when
                experiments.audience_kind is null
                or experiments.audience_kind not in ('all', 'persona', 'segment')
                then
                    'has the audience_kind ' || coalesce(experiments.audience_kind, 'nothing')
                    || '; say all, persona or segment'
            when experiments.audience_kind = 'all' and experiments.audience_id is not null
                then
                    'is for all and names the audience ' || experiments.audience_id
                    || '; empty audience_id, or say which kind it is'
            when experiments.audience_kind <> 'all' and audiences.audience_id is null
                then
                    'is for the ' || experiments.audience_kind || ' '
                    || coalesce(experiments.audience_id, 'nothing')
                    || ', which nobody knows; take one of '
                    || case experiments.audience_kind
                        when 'persona' then 'personas'
                        else 'dim_segments'
                    end
            when placements.placement_id is null
                then
                    'shows on ' || coalesce(experiments.placement_id, 'nothing')
                    || ', which placements does not have; add it there, or correct the name'
            when experiments.pre_period_days is null or experiments.pre_period_days < 0
                then 'has no pre_period_days; say 28, or 0 to do without'
            when arm_sums.arm_count is null or arm_sums.arm_count < 2
                then 'has fewer than two arms; add them to experiment_arms'
            when arm_sums.name_count <> arm_sums.arm_count
                then 'has an arm twice; give each arm in experiment_arms a name of its own'
            when arm_sums.weight is null or arm_sums.weight <> 1
                then
                    'has arms whose weights sum to ' || coalesce(cast(arm_sums.weight as varchar), 'nothing')
                    || '; make them sum to 1 in experiment_arms'
            when arm_sums.control_count <> 1
                then
                    'has ' || arm_sums.control_count
                    || ' controls; mark exactly one arm as is_control in experiment_arms'
            when metric_sums.goal_count is null or metric_sums.goal_count = 0
                then 'has no goal; add a metric with the role goal to experiment_metrics'
            when metric_sums.name_count <> metric_sums.metric_count
                then 'has a metric twice; leave one row of it in experiment_metrics'
        end as problem
    from experiments
    left join copies
        on experiments.experiment_id = copies.experiment_id
    left join audiences
        on
            experiments.audience_kind = audiences.audience_kind
            and experiments.audience_id = audiences.audience_id
    left join placements
        on experiments.placement_id = placements.placement_id
    left join arm_sums
        on experiments.experiment_id = arm_sums.experiment_id
    left join metric_sums
        on experiments.experiment_id = metric_sums.experiment_id

),

of_pairs as (

    -- of two that meet, the later one is named
    select
        'experiments' as seed,
        later.experiment_id as row_name,
        'shows on ' || later.placement_id || ' from ' || later.starts_at || ', where ' || earlier.experiment_id
        || ' shows until ' || earlier.ends_at || '; move one of them, or give it another placement_id' as problem
    from experiments as later
    inner join experiments as earlier
        on
            later.placement_id = earlier.placement_id
            and later.starts_at < earlier.ends_at
            and (
                later.starts_at > earlier.starts_at
                or (
                    later.starts_at = earlier.starts_at
                    and later.ends_at > earlier.starts_at
                    and later.experiment_id > earlier.experiment_id
                )
            )

),

of_arms as (

    select
        'experiment_arms' as seed,
        coalesce(arms.experiment_id, 'nothing') || ', ' || coalesce(arms.arm, 'nothing') as row_name,
        case
            when experiments.experiment_id is null
                then 'names an experiment that experiments does not have; add it there, or drop the row'
            when arms.arm is null then 'has no arm; give it a name'
            when arms.weight is null or arms.weight <= 0
                then
                    'has the weight ' || coalesce(cast(arms.weight as varchar), 'nothing')
                    || '; give it a share above 0, or drop the row'
            when arms.is_control is null then 'does not say whether it is the control; say true or false'
            when arms.shadow_id is not null and arms.is_control
                then
                    'is the control and goes by the shadow model ' || arms.shadow_id
                    || '; empty its shadow_id, for what is new is compared with the champion'
            -- a shadow may go when its experiment is over
            when
                arms.shadow_id is not null
                and shadows.shadow_id is null
                and experiments.ends_at > clock.as_of
                then
                    'goes by the shadow model ' || arms.shadow_id
                    || ', which shadow_models does not have; add it there, or correct the name'
            when
                arms.shadow_id is not null
                and shadows.model_version is null
                and experiments.starts_at <= clock.as_of
                and experiments.ends_at > clock.as_of
                then
                    'goes by the shadow model ' || arms.shadow_id
                    || ', of which no model is fitted, and shows what the champion says; run make weekly,'
                    || ' or plan a later start'
        end as problem
    from arms
    cross join clock
    left join experiments
        on arms.experiment_id = experiments.experiment_id
    left join shadows
        on arms.shadow_id = shadows.shadow_id

),

of_metrics as (

    select
        'experiment_metrics' as seed,
        coalesce(metrics.experiment_id, 'nothing') || ', ' || coalesce(metrics.metric, 'nothing') as row_name,
        case
            when experiments.experiment_id is null
                then 'names an experiment that experiments does not have; add it there, or drop the row'
            when
                metrics.metric is null
                -- the list is long only once it is rendered
                or metrics.metric not in ('{{ measured_metrics() | join("', '") }}')  -- noqa: LT05
                then 'is not measured; take one of {{ measured_metrics() | join(", ") }}'
            when metrics.role is null or metrics.role not in ('goal', 'guardrail')
                then 'has the role ' || coalesce(metrics.role, 'nothing') || '; say goal or guardrail'
            when metrics.direction is null or metrics.direction not in ('up', 'down')
                then 'has the direction ' || coalesce(metrics.direction, 'nothing') || '; say up or down'
            when metrics.minimum_effect is null or metrics.minimum_effect <= 0
                then 'has no minimum_effect above 0; say 0.05 for five hundredths of the control''s mean'
        end as problem
    from metrics
    left join experiments
        on metrics.experiment_id = experiments.experiment_id

),

problems as (

    -- a row that stands there twice is told once
    select distinct * from of_experiments
    where problem is not null
    union all
    select * from of_pairs
    union all
    select * from of_arms
    where problem is not null
    union all
    select * from of_metrics
    where problem is not null

),

told as (

    select
        {{ ordered_text(
            "seed || ', row ' || coalesce(row_name, 'without an id') || ': it ' || problem || '.'",
            'seed, row_name, problem',
            ' '
        ) }} as message
    from problems

)

select {{ raise_error('message') }} as failure
from told
where message is not null
