with

source as (

    select * from {{ source('decisions', 'served') }}

),

final as (

    select
        -- ids
        decision_id,
        cast(batch as bigint) as batch,
        source_line,
        user_id,
        nullif(trim(anonymous_id), '') as anonymous_id,
        placement_id,
        variant_id,
        persona_id,
        rule_id,
        experiment_id,

        -- text
        arm,
        reason,
        payload_hash,

        -- booleans
        coalesce(is_holdout, false) as is_holdout,

        -- times
        served_at,
        valid_until,
        loaded_at,
        {{ unusable_reason(
            "coalesce(nullif(trim(decision_id), ''), user_id, anonymous_id)",
            'served_at',
            'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
