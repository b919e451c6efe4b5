with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

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

final as (

    select
        user_id,
        'cap' as limit_kind,
        variant_id
    from shown
    where shown_count >= cap_count

    union all

    -- who was held out once stays so: the id that is drawn with changes when identities are joined
    select distinct
        identities.user_id,
        'holdout' as limit_kind,
        cast(null as varchar) as variant_id
    from served
    inner join identities
        on served.identifier_key = identities.identifier_key
    where served.is_holdout

)

select * from final
