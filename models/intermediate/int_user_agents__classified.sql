{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='user_agent',
    on_schema_change='fail'
) }}

with

progress as (

    {{ progress() }}

),

unread as (

    select batches.batch
    from {{ ref('int_batches__read') }} as batches
    inner join progress
        on batches.run_number > progress.read_until

),

user_agents as (

    -- one row per spelling: patterns are matched once for each, not once for each event
    select distinct collected.user_agent
    from {{ ref('int_events__collected') }} as collected
    where
        collected.batch in (select unread.batch from unread)
        and collected.user_agent is not null

),

patterns as (

    select * from {{ ref('bot_patterns') }}

),

bots as (

    select
        user_agents.user_agent,
        min(patterns.bot_name) as bot_name
    from user_agents
    inner join patterns
        on {{ text_matches('lower(user_agents.user_agent)', 'patterns.pattern') }}
    group by user_agents.user_agent

),

final as (

    select
        user_agents.user_agent,
        bots.bot_name,
        bots.user_agent is not null as is_bot,
        case
            when
                {{ text_matches('lower(user_agents.user_agent)', "'ipad|tablet|kindle|silk/|playbook'") }}
                then 'tablet'
            when
                {{ text_matches('lower(user_agents.user_agent)', "'android'") }}
                and not {{ text_matches('lower(user_agents.user_agent)', "'mobile'") }}
                then 'tablet'
            when
                {{ text_matches('lower(user_agents.user_agent)', "'mobi|iphone|ipod|android|windows phone'") }}
                then 'mobile'
            when
                {{ text_matches('lower(user_agents.user_agent)', "'smart-?tv|appletv|googletv|hbbtv'") }}
                then 'smart tv'
            else 'desktop'
        end as device,
        false as is_removed,
        progress.run_number
    from user_agents
    cross join progress
    left join bots
        on user_agents.user_agent = bots.user_agent

)

select * from final
