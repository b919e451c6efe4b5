{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='event_key',
    on_schema_change='fail'
) }}
{#- What is kept of each copy, so that it can be judged again without being read again. -#}
{% set columns = [
    'row_key', 'event_key', 'visitor_key', 'source', 'device_key', 'anonymous_id', 'login',
    'email_hash', 'phone_hash', 'provided_session_id', 'order_id', 'own_consent', 'currency',
    'revenue', 'is_final_export', 'filled_count', 'payload_key', 'unusable_reason', 'occurred_at',
] %}
{#- What the rules say of a copy by itself; other rules have all copies read again. -#}
{% set ruled = ['event_name', 'is_unmapped', 'is_bot'] %}
{#- Which column of an event holds which kind of identifier. -#}
{% set identifiers = {
    'login': 'login', 'email': 'email_hash', 'phone': 'phone_hash', 'anonymous': 'anonymous_id'
} %}

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

    select * from {{ ref('int_user_agents__classified') }}

),

event_names as (

    select * from {{ ref('event_names') }}

),

collected as (

    select
        {% for column in columns -%}
            collected.{{ column }},
        {% endfor -%}
        coalesce(
            event_names.event_name,
            {{ snake_case('collected.source_event_name') }},
            'not_set'
        ) as event_name,
        event_names.event_name is null as is_unmapped,
        coalesce(user_agents.is_bot, false) as is_bot,
        collected.loaded_at as own_loaded_at
    from {{ ref('int_events__collected') }} as collected
    left join user_agents
        on collected.user_agent = user_agents.user_agent
    left join event_names
        on
            collected.source = event_names.source
            and collected.source_event_name = event_names.source_name
    -- the files of other batches are not opened
    where collected.batch in (select unread.batch from unread)

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

        select collected.event_key from collected

        {% for kind, column in identifiers.items() -%}
            union

            select stored.event_key
            from {{ this }} as stored
            inner join reconsidered
                on stored.{{ column }} = reconsidered.identifier_value
            where reconsidered.identifier_kind = '{{ kind }}'
            {{- '\n' }}
        {% endfor %}
    ),

    -- one column is looked through for all, and the wide rows are fetched by their number
    copies_stored as (

        select stored.row_key
        from {{ this }} as stored
        where stored.event_key in (select touched.event_key from touched)

    ),

{% endif -%}
told as (

    select * from collected

    {% if is_incremental() -%}
        union all

        select
            {% for column in columns + ruled -%}
                stored.{{ column }},
            {% endfor -%}
            stored.own_loaded_at
        from {{ this }} as stored
        cross join progress
        where
            stored.row_key in (select copies_stored.row_key from copies_stored)
            -- a run by new rules reads everything again
            and progress.read_until >= 0
    {%- endif %}

),

copies as (

    select
        told.*,
        case
            when told.unusable_reason is not null then told.unusable_reason
            {%- for kind in identifiers %}
                when erased_{{ kind }}.identifier_value is not null then 'erased'
            {%- endfor %}
            when told.occurred_at > clock.as_of then 'after_as_of'
        end as early_outcome
    from told
    cross join clock
    {%- for kind, column in identifiers.items() %}
        left join erased as erased_{{ kind }}
            on
                told.{{ column }} = erased_{{ kind }}.identifier_value
                and erased_{{ kind }}.identifier_kind = '{{ kind }}'
    {%- endfor %}

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
            partition by usable.event_key
            order by
                usable.is_final_export desc,
                usable.filled_count desc,
                usable.payload_key asc,
                -- equal in content: the first that was loaded stands, whenever it is read
                usable.own_loaded_at asc,
                usable.row_key asc
        ) as copy_number,
        count(*) over (partition by usable.event_key) as copy_count,
        min(usable.own_loaded_at) over (partition by usable.event_key) as first_loaded_at
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
        {% for column in columns + ruled -%}
            copies.{{ column }},
        {% endfor -%}
        copies.own_loaded_at,
        case
            when copies.early_outcome is not null then copies.early_outcome
            when ranked.copy_number > 1 then 'duplicate'
            when copies.is_bot then 'bot_pattern'
            when copies.own_consent = 'denied' or refused.row_key is not null then 'no_consent'
            else 'kept'
        end as outcome,
        coalesce(ranked.copy_count, 1) - 1 as duplicate_count,
        case
            when coalesce(ranked.copy_number, 1) = 1
                then coalesce(ranked.first_loaded_at, copies.own_loaded_at)
            else copies.own_loaded_at
        end as loaded_at,
        false as is_removed,
        progress.run_number
    from copies
    cross join progress
    left join ranked
        on copies.row_key = ranked.row_key
    left join refused
        on copies.row_key = refused.row_key

)

select * from final
