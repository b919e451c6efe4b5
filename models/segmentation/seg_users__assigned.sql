with

features as (

    select * from {{ ref('int_users__features') }}
    where period = 'current'

),

scored as (

    select * from {{ ref('seg_users__scored') }}
    where
        period = 'current'
        and is_champion

),

explained as (

    select * from {{ ref('seg_users__explained') }}

),

excluded as (

    select * from {{ ref('seg_users__excluded') }}

),

-- how far from its centre a segment's members lay when the model was fitted
spreads as (

    select
        model_version,
        segment_id,
        value as distance_q99
    from {{ ref('seg_model_artifacts') }}
    where
        record = 'spread'
        and name = 'distance_q99'

),

mature as (

    select
        features.acquisition_channel,
        scored.segment_id,
        count(*) as user_count
    from features
    inner join scored
        on features.user_id = scored.user_id
    where not features.is_cold_start
    group by features.acquisition_channel, scored.segment_id

),

-- who did nothing yet is given the segment most usual for how they came to us
channel_priors as (

    select
        acquisition_channel,
        segment_id,
        cast(user_count as double)
        / sum(user_count) over (partition by acquisition_channel) as share,
        row_number() over (
            partition by acquisition_channel
            order by user_count desc, segment_id asc
        ) as prior_number
    from mature

),

all_channels as (

    select
        segment_id,
        sum(user_count) as user_count
    from mature
    group by segment_id

),

overall_priors as (

    select
        segment_id,
        cast(user_count as double) / sum(user_count) over () as share,
        row_number() over (order by user_count desc, segment_id asc) as prior_number
    from all_channels

),

classified as (

    select
        features.*,
        case
            when not features.is_cold_start then 'cluster'
            when features.lifetime_event_count = 0 then 'prior'
            else 'cold_start'
        end as method
    from features

),

final as (

    select
        classified.user_id,
        case
            when classified.method = 'prior'
                then
                    coalesce(
                        channel_priors.segment_id, overall_priors.segment_id, scored.segment_id
                    )
            else scored.segment_id
        end as segment_id,
        scored.model_version,
        case when classified.method <> 'prior' then scored.runner_up_segment_id end
            as runner_up_segment_id,
        classified.method,
        case when classified.method <> 'prior' then explained.top_drivers end as top_drivers,
        scored.distance,
        case
            when classified.method = 'prior' then 0
            else coalesce(
                {{ safe_ratio('scored.runner_up_distance - scored.distance', 'scored.runner_up_distance') }},
                1
            )
        end as margin,
        case
            when classified.method = 'prior'
                then coalesce(channel_priors.share, overall_priors.share, 1)
            else scored.confidence
        end as confidence,
        excluded.user_id is not null
        or coalesce(scored.distance > spreads.distance_q99, false) as is_outlier,
        classified.is_cold_start,
        classified.as_of
    from classified
    inner join scored
        on classified.user_id = scored.user_id
    left join explained
        on classified.user_id = explained.user_id
    left join excluded
        on classified.user_id = excluded.user_id
    left join spreads
        on
            scored.model_version = spreads.model_version
            and scored.segment_id = spreads.segment_id
    left join channel_priors
        on
            classified.acquisition_channel = channel_priors.acquisition_channel
            and channel_priors.prior_number = 1
    left join overall_priors
        on overall_priors.prior_number = 1

)

select * from final
