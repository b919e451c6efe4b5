with

source as (

    select * from {{ source('ads', 'costs') }}

),

final as (

    select
        -- ids
        cast(batch as bigint) as batch,
        source_line,
        nullif(trim(campaign_id), '') as campaign_id,

        -- text
        lower(trim(network)) as network,
        campaign,
        upper(trim(currency)) as currency,

        -- numbers
        impressions,
        clicks as click_count,
        cost,
        filled_count,
        payload_hash,

        -- times
        cost_date,
        loaded_at,
        {{ unusable_reason(
            "coalesce(nullif(trim(campaign_id), ''), network)",
            'cast(cost_date as timestamp)',
            'loaded_at'
        ) }} as unusable_reason
    from source

)

select * from final
