with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

users as (

    select * from {{ ref('seg_users__assigned') }}

),

personas as (

    select * from {{ ref('seg_personas__matched') }}
    where match_rank = 1

),

consents as (

    select * from {{ ref('int_users__consented') }}

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

placements as (

    select * from {{ ref('placements') }}

),

limits as (

    select * from {{ ref('seg_users__limited') }}

),

-- the thresholds of all placements, each with the one after it
margin_bands as (

    select
        min_margin,
        lead(min_margin) over (order by min_margin) as next_margin
    from (
        -- several placements may share one
        select distinct min_margin from placements
    ) as margins

),

holdout_bands as (

    select
        holdout_share,
        coalesce(lag(holdout_share) over (order by holdout_share), 0) as previous_share
    from (
        -- several placements may share one
        select distinct holdout_share from placements
        where holdout_share > 0
    ) as shares

),

-- a user who stands for somebody who asked to be erased gets no decision, and no row
erased_users as (

    select distinct identities.user_id
    from identities
    inner join {{ ref('int_identities__erased') }} as erased
        on
            identities.identifier_kind = erased.identifier_kind
            and identities.identifier_value = erased.identifier_value

),

-- what else decides, a row each: sums of numbers tell such sets of a user apart without a
-- list for everybody
facts as (

    -- one product and another may both have fired the rule for a user
    select distinct
        walked.user_id,
        'trigger|' || walked.rule_id as fact
    from {{ ref('int_triggers__walked') }} as walked
    cross join clock
    where
        walked.suppressed_reason is null
        and walked.fired_at <= clock.as_of
        and walked.expires_at > clock.as_of

    union all

    select
        user_id,
        'arm|' || experiment_id || '|' || arm as fact
    from {{ ref('seg_experiments__assigned') }}

    union all

    -- of two who are in one arm of a shadow, the one may be of another persona by it
    select
        user_id,
        'shadow|' || experiment_id || '|' || segmented_by || '|' || coalesce(persona_id, '') || '|'
        || coalesce(cast(is_unsure as varchar), '') as fact
    from {{ ref('seg_users__shadowed') }}

    union all

    select
        user_id,
        'cap|' || variant_id as fact
    from limits
    where limit_kind = 'cap'

),

summed_facts as (

    select
        user_id,
        sum(mod({{ text_number('fact') }}, 1000000000000000)) as facts_number
    from facts
    group by user_id

),

placed as (

    select
        users.*,
        {{ place_in_draw("'holdout'", 'users.user_id') }} as place
    from users
    left join erased_users
        on users.user_id = erased_users.user_id
    where erased_users.user_id is null

),

joined as (

    select
        placed.user_id,
        coalesce(consents.analytics_consent, 'unknown') as analytics_consent,
        coalesce(consents.marketing_consent, 'unknown') as marketing_consent,
        case
            when held_out_before.user_id is not null then 0
            else holdout_bands.holdout_share
        end as holdout_from_share,
        personas.persona_id,
        personas.rule_id as persona_rule_id,
        -- what facts decide is sure, whatever the segment
        case when personas.source = 'cluster' then margin_bands.min_margin else 1 end
            as margin_reached,
        placed.segment_id,
        placed.margin,
        coalesce(cast(summed_facts.facts_number as bigint), 0) as facts_number,
        placed.as_of
    from placed
    inner join personas
        on placed.user_id = personas.user_id
    left join consents
        on placed.user_id = consents.user_id
    left join limits as held_out_before
        on
            placed.user_id = held_out_before.user_id
            and held_out_before.limit_kind = 'holdout'
    left join summed_facts
        on placed.user_id = summed_facts.user_id
    left join holdout_bands
        on
            placed.place >= holdout_bands.previous_share * 1000000
            and placed.place < holdout_bands.holdout_share * 1000000
    left join margin_bands
        on
            placed.margin >= margin_bands.min_margin
            and (margin_bands.next_margin is null or placed.margin < margin_bands.next_margin)

),

final as (

    select
        user_id,
        {{ text_number(
            "coalesce(analytics_consent, '') || '|' || coalesce(marketing_consent, '') || '|' || "
            ~ "coalesce(cast(holdout_from_share as varchar), '') || '|' || "
            ~ "coalesce(persona_id, '') || '|' || "
            ~ "coalesce(cast(margin_reached as varchar), '') || '|' || facts_number"
        ) }} as situation_key,
        analytics_consent,
        marketing_consent,
        holdout_from_share,
        persona_id,
        persona_rule_id,
        segment_id,
        margin,
        margin_reached,
        facts_number,
        as_of
    from joined

)

select * from final
