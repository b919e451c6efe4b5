{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='event_key',
    on_schema_change='fail'
) }}
{#- Which column of an event holds which kind of identifier. -#}
{% set identifiers = {
    'login': 'login', 'email': 'email_hash', 'phone': 'phone_hash', 'anonymous': 'anonymous_id'
} %}

with

progress as (

    {{ progress() }}

),

collected as (

    select * from {{ ref('int_events__collected') }}

),

erased as (

    select * from {{ ref('int_identities__erased') }}

),

denied as (

    select * from {{ ref('int_consents__resolved') }}
    where analytics = 'denied'

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

user_agents as (

    select * from {{ ref('int_user_agents__classified') }}

),

event_names as (

    select * from {{ ref('event_names') }}

),

{% if is_incremental() -%}
-- an answer in the CRM that is new, and says no or has said no, reaches events of long ago
reconsidered as (

    select
        erased.identifier_kind,
        erased.identifier_value
    from erased
    inner join progress
        on erased.run_number > progress.read_until

    union

    select
        denied.identifier_kind,
        denied.identifier_value
    from denied
    inner join progress
        on denied.run_number > progress.read_until

),

touched as (

    select collected.event_key
    from collected
    inner join progress
        on collected.run_number > progress.read_until

    {% for kind, column in identifiers.items() -%}
        union

        select collected.event_key
        from collected
        inner join reconsidered
            on collected.{{ column }} = reconsidered.identifier_value
        where reconsidered.identifier_kind = '{{ kind }}'
        {{- '\n' }}
    {% endfor %}
),

{% endif -%}
copies as (

    select
        collected.row_key,
        collected.event_key,
        collected.event_id,
        collected.visitor_key,
        collected.source,
        collected.source_event_name,
        collected.login,
        collected.email_hash,
        collected.anonymous_id,
        collected.user_agent,
        collected.provided_session_id,
        collected.own_consent,
        collected.currency,
        collected.revenue,
        collected.is_final_export,
        collected.filled_count,
        collected.payload_hash,
        collected.occurred_at,
        collected.loaded_at,
        case
            when collected.unusable_reason is not null then collected.unusable_reason
            {%- for kind in identifiers %}
                when erased_{{ kind }}.identifier_value is not null then 'erased'
            {%- endfor %}
            when collected.occurred_at > clock.as_of then 'after_as_of'
        end as early_outcome
    from collected
    cross join clock
    {%- for kind, column in identifiers.items() %}
        left join erased as erased_{{ kind }}
            on
                collected.{{ column }} = erased_{{ kind }}.identifier_value
                and erased_{{ kind }}.identifier_kind = '{{ kind }}'
    {%- endfor %}
    {% if is_incremental() -%}
        where collected.event_key in (select touched.event_key from touched)
    {%- endif %}

),

usable as (

    select * from copies
    where early_outcome is null

),

-- most events come once; only the others are worth sorting
repeated as (

    select event_key
    from usable
    group by event_key
    having count(*) > 1

),

ranked as (

    select
        usable.row_key,
        row_number() over (
            partition by usable.event_id
            order by
                usable.is_final_export desc,
                usable.filled_count desc,
                usable.payload_hash asc,
                -- equal in content: it does not matter which of them stands
                usable.row_key asc
        ) as copy_number,
        count(*) over (partition by usable.event_id) as copy_count,
        min(usable.loaded_at) over (partition by usable.event_id) as first_loaded_at
    from usable
    inner join repeated
        on usable.event_key = repeated.event_key

),

-- consent withdrawn in the CRM holds for events of the same identifier from then on
refused as (

    {% for kind in ['login', 'anonymous', 'email'] -%}
        select usable.row_key
        from usable
        inner join denied
            on
                usable.{{ identifiers[kind] }} = denied.identifier_value
                and denied.identifier_kind = '{{ kind }}'
                and usable.occurred_at >= denied.valid_from
                and (denied.valid_to is null or usable.occurred_at < denied.valid_to)
                {{- '\n\n        union\n' if not loop.last }} -- noqa: LT02

    {% endfor %}

),

final as (

    select
        copies.row_key,
        copies.event_key,
        copies.visitor_key,
        copies.source,
        copies.provided_session_id,
        coalesce(
            event_names.event_name,
            {{ snake_case('copies.source_event_name') }},
            'not_set'
        ) as event_name,
        case
            when copies.early_outcome is not null then copies.early_outcome
            when ranked.copy_number > 1 then 'duplicate'
            when coalesce(user_agents.is_bot, false) then 'bot_pattern'
            when copies.own_consent = 'denied' or refused.row_key is not null then 'no_consent'
            else 'kept'
        end as outcome,
        case
            when copies.own_consent = 'denied' or refused.row_key is not null then 'denied'
            else copies.own_consent
        end as consent,
        event_names.event_name is null as is_unmapped,
        copies.currency,
        copies.revenue,
        coalesce(ranked.copy_count, 1) - 1 as duplicate_count,
        copies.occurred_at,
        case
            when coalesce(ranked.copy_number, 1) = 1
                then coalesce(ranked.first_loaded_at, copies.loaded_at)
            else copies.loaded_at
        end as loaded_at,
        false as is_removed,
        progress.run_number
    from copies
    cross join progress
    left join ranked
        on copies.row_key = ranked.row_key
    left join user_agents
        on copies.user_agent = user_agents.user_agent
    left join refused
        on copies.row_key = refused.row_key
    left join event_names
        on
            copies.source = event_names.source
            and copies.source_event_name = event_names.source_name

)

select * from final
