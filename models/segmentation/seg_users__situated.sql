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

firings as (

    -- one product and another may both have fired the rule for a user
    select distinct
        walked.user_id,
        walked.rule_id
    from {{ ref('int_triggers__walked') }} as walked
    cross join clock
    where
        walked.suppressed_reason is null
        and walked.fired_at <= clock.as_of
        and walked.expires_at > clock.as_of

),

active_rules as (

    select
        user_id,
        {{ ordered_text('rule_id', 'rule_id', ' ') }} as rules
    from firings
    group by user_id

),

drawn_arms as (

    select
        user_id,
        {{ ordered_text("experiment_id || '=' || arm", 'experiment_id', ' ') }} as arms
    from {{ ref('seg_experiments__assigned') }}
    group by user_id

),

capped_variants as (

    select
        variants.variant_id,
        variants.cap_count,
        {{ add_seconds('clock.as_of', '-3600 * variants.cap_hours') }} as counted_after
    from {{ ref('content_variants') }} as variants
    cross join clock
    where variants.cap_count is not null

),

served as (

    -- the id of a user is the hash of an identifier, so one that was served is still known
    -- by it after it was joined to another
    select
        decisions.variant_id,
        decisions.is_holdout,
        decisions.served_at,
        case
            when decisions.user_id is not null
                then {{ identifier_key_from_user_id('decisions.user_id') }}
            else {{ text_number("'anonymous|' || decisions.anonymous_id") }}
        end as identifier_key
    from {{ ref('int_decisions__collected') }} as decisions
    cross join clock
    where
        decisions.unusable_reason is null
        and {{ known_at('decisions.served_at', 'clock.as_of') }}
        -- no cap looks back farther, and of older ones only who was held out is asked
        and (
            decisions.is_holdout
            or decisions.served_at > (select min(capped_variants.counted_after) from capped_variants)
        )

),

-- who was held out once stays so: the id that is drawn with changes when identities are joined
held_out_before as (

    select distinct identities.user_id
    from served
    inner join identities
        on served.identifier_key = identities.identifier_key
    where served.is_holdout

),

shown as (

    select
        identities.user_id,
        served.variant_id,
        capped_variants.cap_count,
        -- copies of a record fold here
        count(distinct served.served_at) as shown_count
    from served
    inner join capped_variants
        on
            served.variant_id = capped_variants.variant_id
            and served.served_at > capped_variants.counted_after
    inner join identities
        on served.identifier_key = identities.identifier_key
    group by identities.user_id, served.variant_id, capped_variants.cap_count

),

capped as (

    select
        user_id,
        {{ ordered_text('variant_id', 'variant_id', ' ') }} as variants
    from shown
    where shown_count >= cap_count
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
        placed.margin,
        active_rules.rules as active_rules,
        drawn_arms.arms as drawn_arms,
        capped.variants as capped_variants,
        placed.as_of
    from placed
    inner join personas
        on placed.user_id = personas.user_id
    left join consents
        on placed.user_id = consents.user_id
    left join held_out_before
        on placed.user_id = held_out_before.user_id
    left join active_rules
        on placed.user_id = active_rules.user_id
    left join drawn_arms
        on placed.user_id = drawn_arms.user_id
    left join capped
        on placed.user_id = capped.user_id
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
            ~ "coalesce(cast(margin_reached as varchar), '') || '|' || "
            ~ "coalesce(active_rules, '') || '|' || coalesce(drawn_arms, '') || '|' || "
            ~ "coalesce(capped_variants, '')"
        ) }} as situation_key,
        analytics_consent,
        marketing_consent,
        holdout_from_share,
        persona_id,
        persona_rule_id,
        margin,
        margin_reached,
        active_rules,
        drawn_arms,
        capped_variants,
        as_of
    from joined

)

select * from final
