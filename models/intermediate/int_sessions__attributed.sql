{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='session_key',
    on_schema_change='fail'
) }}
{% set last_read = known_read_until() %}
{% set earliest = earliest_touched(last_read) %}
{% set is_touched = of_touched_session(earliest) %}

-- depends_on: {{ ref('int_events__judged') }}, {{ ref('int_events__sessionized') }}
with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    {{ touched_sessions(last_read, earliest) }}

{% endif -%}
events as (

    select * from {{ ref('int_events__enriched') }}
    {% if is_incremental() -%}
        where {{ is_touched }}
    {%- endif %}

),

referral_exclusions as (

    select * from {{ ref('referral_exclusions') }}

),

channel_groups as (

    select * from {{ ref('channel_groups') }}

),

referred as (

    select
        events.session_key,
        events.event_position,
        events.utm_source,
        events.utm_medium,
        events.utm_campaign,
        events.click_id_kind,
        events.given_channel,
        -- our own pages and payment providers do not bring visitors
        case
            when referral_exclusions.referrer_host is not null then null
            when events.referrer_host = events.page_host then null
            else events.referrer_host
        end as referrer_host
    from events
    left join referral_exclusions
        on events.referrer_host = referral_exclusions.referrer_host

),

first_evidence as (

    select
        session_key,
        min(event_position) as event_position
    from referred
    where coalesce(utm_source, utm_medium, utm_campaign, click_id_kind, referrer_host) is not null
    group by session_key

),

given as (

    select
        session_key,
        {{ first_by('given_channel', 'event_position') }} as given_channel
    from referred
    group by session_key

),

evidence as (

    select
        referred.session_key,
        referred.utm_campaign,
        referred.referrer_host,
        lower(coalesce(
            referred.utm_source,
            case referred.click_id_kind
                when 'gclid' then 'google'
                when 'dclid' then 'google'
                when 'msclkid' then 'bing'
                when 'fbclid' then 'facebook'
                when 'ttclid' then 'tiktok'
                when 'twclid' then 'twitter'
                when 'li_fat_id' then 'linkedin'
            end,
            referred.referrer_host
        )) as traffic_source,
        lower(coalesce(
            referred.utm_medium,
            case when referred.click_id_kind is not null then 'cpc' end,
            case when referred.referrer_host is not null then 'referral' end
        )) as traffic_medium
    from referred
    inner join first_evidence
        on
            referred.session_key = first_evidence.session_key
            and referred.event_position = first_evidence.event_position

),

combinations as (

    select distinct  -- few combinations, many sessions
        coalesce(traffic_source, '') as traffic_source,
        coalesce(traffic_medium, '') as traffic_medium,
        lower(coalesce(utm_campaign, '')) as traffic_campaign
    from evidence

),

matched as (

    select
        combinations.traffic_source,
        combinations.traffic_medium,
        combinations.traffic_campaign,
        channel_groups.channel_group,
        row_number() over (
            partition by
                combinations.traffic_source,
                combinations.traffic_medium,
                combinations.traffic_campaign
            order by channel_groups.priority
        ) as match_number
    from combinations
    inner join channel_groups
        on
            {{ text_matches('combinations.traffic_source', "coalesce(channel_groups.source_pattern, '')") }}
            and {{ text_matches('combinations.traffic_medium', "coalesce(channel_groups.medium_pattern, '')") }}
            and {{ text_matches('combinations.traffic_campaign', "coalesce(channel_groups.campaign_pattern, '')") }}

),

attributed as (

    select
        sessions.session_key,
        sessions.session_id,
        sessions.visitor_key,
        evidence.traffic_source,
        evidence.traffic_medium,
        evidence.utm_campaign as traffic_campaign,
        evidence.referrer_host,
        case
            when matched.channel_group is not null then matched.channel_group
            when evidence.session_key is not null then 'Unassigned'
            else coalesce(given.given_channel, 'Direct')
        end as channel_group
    from given
    inner join {{ ref('int_sessions__judged') }} as sessions
        on
            given.session_key = sessions.session_key
            and not sessions.is_bot
            and {{ not_before('sessions.started_at', earliest) }}
    left join evidence
        on given.session_key = evidence.session_key
    left join matched
        on
            coalesce(evidence.traffic_source, '') = matched.traffic_source
            and coalesce(evidence.traffic_medium, '') = matched.traffic_medium
            and lower(coalesce(evidence.utm_campaign, '')) = matched.traffic_campaign
            and matched.match_number = 1
            and evidence.session_key is not null

),

final as (

    select
        {{ 'touched_sessions' if is_incremental() else 'attributed' }}.session_key,
        attributed.session_id,
        attributed.visitor_key,
        attributed.traffic_source,
        attributed.traffic_medium,
        attributed.traffic_campaign,
        attributed.referrer_host,
        attributed.channel_group,
        {% if is_incremental() -%}
            attributed.session_key is null as is_removed,
        {%- else -%}
            false as is_removed,
        {%- endif %}
        progress.run_number
    from {{ 'touched_sessions' if is_incremental() else 'attributed' }}
    cross join progress
    {%- if is_incremental() %}
        left join attributed
            on touched_sessions.session_key = attributed.session_key
    {%- endif %}

)

select * from final
