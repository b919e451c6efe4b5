with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

users as (

    select * from {{ ref('seg_users__situated') }}

),

-- who is in the same situation is decided for alike, so one user stands for all of them
stand_ins as (

    select
        situation_key,
        min(user_id) as user_id
    from users
    group by situation_key

),

situations as (

    select users.*
    from users
    inner join stand_ins
        on users.user_id = stand_ins.user_id

),

placements as (

    select * from {{ ref('placements') }}

),

variants as (

    select * from {{ ref('content_variants') }}

),

experiments as (

    select * from {{ ref('experiments') }}

),

arms as (

    select
        assigned.user_id,
        assigned.experiment_id,
        assigned.arm,
        assigned.placement_id
    from {{ ref('seg_experiments__assigned') }} as assigned
    inner join stand_ins
        on assigned.user_id = stand_ins.user_id

),

champion as (

    select model_version from {{ ref('seg_models') }}
    where is_champion

),

-- whose arm goes by a shadow model is of the persona that follows from the shadow's segment
shadowed as (

    select
        shadowed.user_id,
        shadowed.experiment_id,
        shadowed.shadow_id,
        shadowed.model_version,
        shadowed.segmented_by,
        shadowed.persona_id,
        shadowed.is_unsure
    from {{ ref('seg_users__shadowed') }} as shadowed
    inner join stand_ins
        on shadowed.user_id = stand_ins.user_id

),

-- an active trigger calls for its own content and for that of its persona
called as (

    select distinct
        walked.user_id,
        walked.rule_id,
        rules.persona_id
    from {{ ref('int_triggers__walked') }} as walked
    cross join clock
    inner join stand_ins
        on walked.user_id = stand_ins.user_id
    inner join {{ ref('trigger_rules') }} as rules
        on walked.rule_id = rules.rule_id
    where
        walked.suppressed_reason is null
        and walked.fired_at <= clock.as_of
        and walked.expires_at > clock.as_of

),

capped as (

    select
        limits.user_id,
        limits.variant_id
    from {{ ref('seg_users__limited') }} as limits
    inner join stand_ins
        on limits.user_id = stand_ins.user_id
    where limits.limit_kind = 'cap'

),

judged as (

    select
        situations.situation_key,
        situations.user_id,
        situations.marketing_consent,
        situations.persona_id,
        situations.as_of,
        placements.placement_id,
        placements.channel,
        placements.valid_hours,
        situations.analytics_consent = 'denied' as is_refused,
        coalesce(situations.holdout_from_share <= placements.holdout_share, false)
        and placements.holdout_share > 0
        and situations.analytics_consent <> 'denied' as is_holdout,
        coalesce(situations.margin_reached < placements.min_margin, true) as is_unsure,
        arms.experiment_id,
        arms.arm
    from situations
    cross join placements
    left join arms
        on
            situations.user_id = arms.user_id
            and placements.placement_id = arms.placement_id

),

-- who refused or is held out takes no part in an experiment
placed as (

    select
        judged.situation_key,
        judged.user_id,
        judged.marketing_consent,
        coalesce(shadowed.persona_id, judged.persona_id) as persona_id,
        judged.as_of,
        judged.placement_id,
        judged.channel,
        judged.valid_hours,
        judged.is_refused,
        judged.is_holdout,
        coalesce(shadowed.is_unsure, judged.is_unsure) as is_unsure,
        coalesce(shadowed.segmented_by, 'champion') as segmented_by,
        coalesce(shadowed.model_version, champion.model_version) as model_version,
        shadowed.shadow_id,
        judged.experiment_id,
        judged.arm
    from judged
    left join shadowed
        on
            judged.user_id = shadowed.user_id
            and judged.experiment_id = shadowed.experiment_id
            and not judged.is_refused
            and not judged.is_holdout
    -- one row at most
    left join champion
        on true

),

meant as (

    select
        placed.situation_key,
        variants.variant_id,
        1 as step,
        cast(null as varchar) as rule_id
    from placed
    inner join variants
        on
            placed.placement_id = variants.placement_id
            and placed.experiment_id = variants.experiment_id
            and placed.arm = variants.arm
    where variants.shown_for = 'experiment'

    union all

    select
        placed.situation_key,
        variants.variant_id,
        2 as step,
        called.rule_id
    from placed
    inner join called
        on placed.user_id = called.user_id
    inner join variants
        on
            placed.placement_id = variants.placement_id
            and (
                (variants.shown_for = 'trigger' and called.rule_id = variants.rule_id)
                or (variants.shown_for = 'persona' and called.persona_id = variants.persona_id)
            )

    union all

    select
        placed.situation_key,
        variants.variant_id,
        3 as step,
        cast(null as varchar) as rule_id
    from placed
    inner join variants
        on
            placed.placement_id = variants.placement_id
            and placed.persona_id = variants.persona_id
    where variants.shown_for = 'persona'

    union all

    select
        placed.situation_key,
        variants.variant_id,
        4 as step,
        cast(null as varchar) as rule_id
    from placed
    inner join variants
        on placed.placement_id = variants.placement_id
    where variants.shown_for = 'fallback'

),

-- content may be meant for two reasons; the first one counts
first_meant as (

    select
        situation_key,
        variant_id,
        min(step) as step,
        {{ nth_by('rule_id', ['step', 'rule_id'], 1) }} as rule_id
    from meant
    group by situation_key, variant_id

),

candidates as (

    select
        placed.*,
        variants.variant_id,
        variants.priority,
        variants.content_key,
        variants.quiet_from_hour,
        variants.valid_to,
        first_meant.step,
        first_meant.rule_id,
        case
            when first_meant.step = 4 then null
            when
                placed.is_refused
                or (variants.consent_needed = 'marketing' and placed.marketing_consent = 'denied')
                -- silence permits what is shown on the site, never what is sent
                or (placed.channel = 'message' and placed.marketing_consent <> 'granted')
                then 'no_consent'
            when placed.is_holdout then 'holdout'
            when clock.as_of < variants.valid_from or clock.as_of >= variants.valid_to
                then 'not_valid_now'
            when
                variants.quiet_from_hour < variants.quiet_to_hour
                and extract(hour from clock.as_of) >= variants.quiet_from_hour
                and extract(hour from clock.as_of) < variants.quiet_to_hour
                then 'quiet_hours'
            when
                variants.quiet_from_hour > variants.quiet_to_hour
                and (
                    extract(hour from clock.as_of) >= variants.quiet_from_hour
                    or extract(hour from clock.as_of) < variants.quiet_to_hour
                )
                then 'quiet_hours'
            when capped.variant_id is not null then 'frequency_cap'
            when first_meant.step = 3 and placed.is_unsure then 'low_margin'
        end as dropped_reason
    from placed
    cross join clock
    inner join variants
        on placed.placement_id = variants.placement_id
    inner join first_meant
        on
            placed.situation_key = first_meant.situation_key
            and variants.variant_id = first_meant.variant_id
    left join capped
        on
            placed.user_id = capped.user_id
            and variants.variant_id = capped.variant_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by situation_key, placement_id
            order by
                case when dropped_reason is null then 0 else 1 end,
                step,
                priority,
                variant_id
        ) as place_number
    from candidates

),

lost as (

    select
        situation_key,
        placement_id,
        {{ ordered_json_list(
            "variant_id || ': ' || coalesce(dropped_reason, 'outranked')",
            'step, priority, variant_id'
        ) }} as lost_candidates,
        max(case when step = 3 then dropped_reason end) as persona_dropped_reason
    from ranked
    where place_number > 1
    group by situation_key, placement_id

),

won as (

    select
        ranked.*,
        -- the hour at which the content falls silent next
        {{ add_seconds(
            'cast(' ~ dbt.date_trunc('day', 'ranked.as_of') ~ ' as timestamp)',
            '3600 * ranked.quiet_from_hour'
        ) }} as quiet_today_at
    from ranked
    where ranked.place_number = 1

),

ends as (

    select
        situation_key,
        placement_id,
        case
            when quiet_today_at > as_of then quiet_today_at
            else {{ add_seconds('quiet_today_at', 86400) }}
        end as quiet_at
    from won

),

final as (

    select
        won.situation_key,
        won.placement_id,
        won.variant_id,
        won.content_key,
        won.rule_id,
        case when not won.is_holdout and not won.is_refused then won.experiment_id end
            as experiment_id,
        case when not won.is_holdout and not won.is_refused then won.arm end as arm,
        won.persona_id,
        won.segmented_by,
        won.model_version,
        won.shadow_id,
        case
            when won.is_refused then 'no_consent'
            when won.is_holdout then 'holdout'
            when won.step = 1 then 'experiment'
            when won.step = 2 then 'trigger'
            when won.step = 3 then 'persona'
            when lost.persona_dropped_reason = 'low_margin' then 'low_margin'
            else 'fallback'
        end as reason,
        coalesce(lost.lost_candidates, '[]') as lost_candidates,
        won.is_holdout,
        -- the earliest of the moments at which something ends
        least(
            {{ add_seconds('won.as_of', '3600 * won.valid_hours') }},
            coalesce(won.valid_to, {{ add_seconds('won.as_of', '3600 * won.valid_hours') }}),
            coalesce(ends.quiet_at, {{ add_seconds('won.as_of', '3600 * won.valid_hours') }}),
            coalesce(
                experiments.ends_at, {{ add_seconds('won.as_of', '3600 * won.valid_hours') }}
            )
        ) as valid_until
    from won
    inner join ends
        on
            won.situation_key = ends.situation_key
            and won.placement_id = ends.placement_id
    left join lost
        on
            won.situation_key = lost.situation_key
            and won.placement_id = lost.placement_id
    left join experiments
        on
            won.experiment_id = experiments.experiment_id
            and not won.is_holdout
            and not won.is_refused

)

select * from final
