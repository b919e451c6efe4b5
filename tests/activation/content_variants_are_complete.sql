{#- Stops the build at the first row of `placements` or `content_variants` that is wrong. -#}
with

placements as (

    select * from {{ ref('placements') }}

),

variants as (

    select * from {{ ref('content_variants') }}

),

personas as (

    select persona_id from {{ ref('personas') }}

),

trigger_rules as (

    select rule_id from {{ ref('trigger_rules') }}

),

arms as (

    select
        arms.experiment_id,
        arms.arm,
        experiments.placement_id
    from {{ ref('experiment_arms') }} as arms
    inner join {{ ref('experiments') }} as experiments
        on arms.experiment_id = experiments.experiment_id

),

variant_problems as (

    select
        'content_variants, row ' || coalesce(variants.variant_id, 'without variant_id') as seed_row,
        case
            when variants.variant_id is null
                then 'it has no variant_id; give it a name of its own'
            when variants.variant_id like '% %'
                then 'variant_id has a blank in it; write an underscore'
            when count(*) over (partition by variants.variant_id) > 1
                then 'the variant_id stands twice; rename one of the rows'
            when placements.placement_id is null
                then
                    'placement_id ' || coalesce(variants.placement_id, '(empty)')
                    || ' is not in placements; add it there or correct the name'
            when
                coalesce(variants.shown_for, '') not in
                ('experiment', 'trigger', 'persona', 'fallback')
                then 'shown_for must be experiment, trigger, persona or fallback'
            when
                coalesce(variants.persona_id, '') <> ''
                and variants.shown_for <> 'persona'
                then 'only persona content names a persona_id; empty it or set shown_for to persona'
            when
                coalesce(variants.rule_id, '') <> ''
                and variants.shown_for <> 'trigger'
                then 'only trigger content names a rule_id; empty it or set shown_for to trigger'
            when
                coalesce(variants.experiment_id, variants.arm, '') <> ''
                and variants.shown_for <> 'experiment'
                then
                    'only experiment content names experiment_id and arm; empty them or set '
                    || 'shown_for to experiment'
            when variants.shown_for = 'persona' and personas.persona_id is null
                then
                    'persona_id ' || coalesce(variants.persona_id, '(empty)')
                    || ' is not in personas; add it there or correct the name'
            when variants.shown_for = 'trigger' and trigger_rules.rule_id is null
                then
                    'rule_id ' || coalesce(variants.rule_id, '(empty)')
                    || ' is not in trigger_rules; add it there or correct the name'
            when variants.shown_for = 'experiment' and arms.arm is null
                then
                    'experiment ' || coalesce(variants.experiment_id, '(empty)') || ' has no arm '
                    || coalesce(variants.arm, '(empty)')
                    || ' in experiment_arms; add it there or correct the name'
            when
                variants.shown_for = 'experiment'
                and coalesce(arms.placement_id, '') <> variants.placement_id
                then
                    'experiment ' || variants.experiment_id || ' is held on placement '
                    || coalesce(arms.placement_id, '(none)') || '; use that one'
            when variants.priority is null
                then 'it has no priority; the smaller number wins'
            when
                variants.shown_for = 'fallback'
                and coalesce(
                    variants.consent_needed,
                    cast(variants.cap_count as {{ dbt.type_string() }}),
                    cast(variants.cap_hours as {{ dbt.type_string() }}),
                    cast(variants.quiet_from_hour as {{ dbt.type_string() }}),
                    cast(variants.quiet_to_hour as {{ dbt.type_string() }}),
                    cast(variants.valid_from as {{ dbt.type_string() }}),
                    cast(variants.valid_to as {{ dbt.type_string() }})
                ) is not null
                then 'a fallback always holds; empty consent, cap, quiet hours and validity'
            when
                variants.shown_for <> 'fallback'
                and coalesce(variants.consent_needed, '') not in ('analytics', 'marketing')
                then 'consent_needed must be analytics or marketing; only a fallback needs none'
            when
                variants.shown_for <> 'fallback'
                and placements.channel = 'message'
                and variants.consent_needed <> 'marketing'
                then 'what is sent needs consent to marketing; set consent_needed to marketing'
            when variants.cap_count < 1 or variants.cap_hours <= 0
                then 'the cap is not positive; set cap_count to 1 or more and cap_hours above 0'
            when (variants.cap_count is null) <> (variants.cap_hours is null)
                then 'a cap needs cap_count and cap_hours; fill both or none'
            when (variants.quiet_from_hour is null) <> (variants.quiet_to_hour is null)
                then 'quiet hours need quiet_from_hour and quiet_to_hour; fill both or none'
            when
                variants.quiet_from_hour not between 0 and 23
                or variants.quiet_to_hour not between 0 and 23
                or variants.quiet_from_hour = variants.quiet_to_hour
                then 'quiet hours run from one hour of 0 to 23 to another'
            when variants.valid_to <= variants.valid_from
                then 'it ends before it begins; correct valid_from or valid_to'
        end as problem
    from variants
    left join placements
        on variants.placement_id = placements.placement_id
    left join personas
        on variants.persona_id = personas.persona_id
    left join trigger_rules
        on variants.rule_id = trigger_rules.rule_id
    left join arms
        on
            variants.experiment_id = arms.experiment_id
            and variants.arm = arms.arm

),

fallbacks as (

    select
        placement_id,
        count(*) as fallback_count
    from variants
    where shown_for = 'fallback'
    group by placement_id

),

placement_problems as (

    select
        'placements, row ' || coalesce(placements.placement_id, 'without placement_id')
            as seed_row,
        case
            when placements.placement_id is null
                then 'it has no placement_id; give it a name of its own'
            when count(*) over (partition by placements.placement_id) > 1
                then 'the placement_id stands twice; rename one of the rows'
            when coalesce(placements.channel, '') not in ('on_site', 'message')
                then 'channel must be on_site or message'
            when coalesce(placements.valid_hours, 0) <= 0
                then 'valid_hours must be above 0'
            when coalesce(placements.min_margin, -1) not between 0 and 1
                then 'min_margin must lie between 0 and 1'
            when coalesce(placements.holdout_share, -1) not between 0 and 1
                then 'holdout_share must lie between 0 and 1'
            when coalesce(fallbacks.fallback_count, 0) <> 1
                then
                    'content_variants has '
                    || cast(coalesce(fallbacks.fallback_count, 0) as {{ dbt.type_string() }})
                    || ' rows with shown_for fallback for it; it needs exactly one'
        end as problem
    from placements
    left join fallbacks
        on placements.placement_id = fallbacks.placement_id

),

problems as (

    select * from variant_problems
    union all
    select * from placement_problems

),

first_problem as (

    select
        min(seed_row || ': ' || problem || '.') as message,
        count(problem) as problem_count
    from problems

),

final as (

    select {{ raise_error("message") }} as stopped
    from first_problem
    where problem_count > 0

)

select * from final
