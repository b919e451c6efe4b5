{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='row_key',
    on_schema_change='fail'
) }}
{% set columns = [
    'event_key', 'session_key', 'identifier_key', 'source',
    'anonymous_id', 'linked_anonymous_id', 'login', 'customer_id', 'email_hash', 'phone_hash',
    'click_id', 'click_id_kind', 'product_id', 'order_id', 'event_name', 'source_event_name',
    'page', 'page_host', 'referrer_host', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term',
    'utm_content', 'given_channel', 'device', 'country', 'category', 'currency', 'consent',
    'properties', 'event_position', 'quantity', 'price', 'revenue', 'engagement_weight',
    'engaged_milliseconds', 'duplicate_count', 'lateness_seconds', 'is_visit', 'is_unmapped',
    'is_internal', 'is_counted', 'is_named', 'is_path_step', 'occurred_at', 'received_at',
    'loaded_at',
] %}
{#- What depends on the other copies of the event and on its neighbours. -#}
{% set changing = [
    'session_key', 'event_name', 'consent', 'event_position', 'duplicate_count', 'is_unmapped',
    'is_path_step', 'loaded_at',
] %}
{% set last_read = known_read_until() %}
{% set earliest = earliest_touched(last_read) %}

with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    touched as (

        select judged.row_key
        from {{ ref('int_events__judged') }} as judged
        where {{ since('judged', last_read) }}

        union

        select sessionized.row_key
        from {{ ref('int_events__sessionized') }} as sessionized
        where {{ since('sessionized', last_read) }}

        union

        -- whether an event counts hangs on its session
        select sessionized.row_key
        from {{ ref('int_events__sessionized') }} as sessionized
        where
            {{ not_before('sessionized.occurred_at', earliest) }}
            and sessionized.session_key in (
                select sessions.session_key
                from {{ ref('int_sessions__judged') }} as sessions
                where {{ since('sessions', last_read) }}
            )

    ),

{% endif -%}
-- few sessions count for nobody: a look-up among these, and not among all sessions
uncounted as (

    select session_key from {{ ref('int_sessions__judged') }}
    where is_bot or is_shadowed

),

placed as (

    select
        judged.row_key,
        judged.event_name,
        judged.is_unmapped,
        -- who refused by another way is not kept
        judged.own_consent as consent,
        judged.duplicate_count,
        judged.loaded_at,
        sessionized.session_key,
        sessionized.event_position,
        sessionized.is_path_step,
        uncounted.session_key is null as is_in_counted_session
    from {{ ref('int_events__judged') }} as judged
    inner join {{ ref('int_events__sessionized') }} as sessionized
        on judged.row_key = sessionized.row_key
    left join uncounted
        on sessionized.session_key = uncounted.session_key
    {% if is_incremental() -%}
        where judged.row_key in (select touched.row_key from touched)
    {%- endif %}

),

{% if is_incremental() -%}
    -- what a stored row tells by itself does not change, unless the rules do
    stored as (

        select stored.*
        from {{ this }} as stored
        cross join progress
        where
            stored.row_key in (select placed.row_key from placed)
            and progress.read_until >= 0

    ),

    missing as (

        select
            placed.row_key,
            {{ batch_of('placed.row_key') }} as batch
        from placed
        left join stored
            on placed.row_key = stored.row_key
        where stored.row_key is null

    ),

{% endif -%}
collected as (

    select * from {{ ref('int_events__collected') }}
    {% if is_incremental() -%}
        where
            batch in (select missing.batch from missing)
            and row_key in (select missing.row_key from missing)
    {%- endif %}

),

user_agents as (

    select * from {{ ref('int_user_agents__classified') }}

),

event_names as (

    select * from {{ ref('event_names') }}

),

internal_traffic as (

    select * from {{ ref('internal_traffic') }}

),

allowed_properties as (

    select {{ text_list('property_name') }} as names
    from {{ ref('property_allow_list') }}

),

winners as (

    select
        collected.*,
        placed.event_name,
        placed.is_unmapped,
        placed.consent,
        placed.duplicate_count,
        placed.loaded_at as first_loaded_at,
        placed.session_key,
        placed.event_position,
        placed.is_path_step,
        placed.is_in_counted_session,
        -- whom the event belongs to: the identifier that says most about who it is
        case
            when collected.login is not null then 'login'
            when collected.customer_id is not null then 'customer'
            when collected.email_hash is not null then 'email'
            when collected.phone_hash is not null then 'phone'
            when collected.anonymous_id is not null then 'anonymous'
            else 'click'
        end as identifier_kind,
        coalesce(
            collected.login,
            collected.customer_id,
            collected.email_hash,
            collected.phone_hash,
            collected.anonymous_id,
            collected.click_id
        ) as identifier_value
    from collected
    inner join placed
        on collected.row_key = placed.row_key

),

places as (

    -- few hosts and traffic types, many events; the wide rows above are not read for them
    select distinct
        traffic_type,
        page_host
    from {{ ref('int_events__collected') }}
    {% if is_incremental() -%}
        where batch in (select missing.batch from missing)
    {%- endif %}

),

internal_places as (

    select distinct  -- one place may match several patterns
        coalesce(places.traffic_type, '') as traffic_type,
        coalesce(places.page_host, '') as page_host
    from places
    inner join internal_traffic
        on
            (
                internal_traffic.field = 'traffic_type'
                and {{ text_matches('places.traffic_type', 'internal_traffic.pattern') }}
            )
            or (
                internal_traffic.field = 'page_host'
                and {{ text_matches('places.page_host', 'internal_traffic.pattern') }}
            )

),

enriched as (

    select
        -- keys
        winners.row_key,
        winners.event_key,
        winners.session_key,
        {{ text_number("winners.identifier_kind || '|' || winners.identifier_value") }}
            as identifier_key,

        -- ids
        winners.source,
        winners.anonymous_id,
        winners.linked_anonymous_id,
        winners.login,
        winners.customer_id,
        winners.email_hash,
        winners.phone_hash,
        winners.click_id,
        winners.click_id_kind,
        winners.product_id,
        winners.order_id,

        -- text
        winners.event_name,
        winners.source_event_name,
        winners.page,
        winners.page_host,
        winners.referrer_host,
        winners.utm_source,
        winners.utm_medium,
        winners.utm_campaign,
        winners.utm_term,
        winners.utm_content,
        winners.given_channel,
        coalesce(winners.given_device, user_agents.device) as device,
        winners.country,
        winners.category,
        winners.currency,
        winners.consent,
        {{ json_allowed('winners.properties', 'allowed_properties.names') }} as properties,

        -- numbers
        winners.event_position,
        winners.quantity,
        winners.price,
        winners.revenue,
        coalesce(event_names.engagement_weight, 0) as engagement_weight,
        winners.engaged_milliseconds,
        winners.duplicate_count,
        {{ seconds_between('winners.occurred_at', 'winners.first_loaded_at') }} as lateness_seconds,

        -- booleans
        coalesce(event_names.is_visit, true) as is_visit,
        winners.is_unmapped,
        internal_places.page_host is not null as is_internal,
        winners.is_in_counted_session and internal_places.page_host is null as is_counted,
        winners.identifier_kind in ('login', 'customer', 'email', 'phone') as is_named,
        winners.is_path_step,

        -- times
        winners.occurred_at,
        winners.received_at,
        winners.first_loaded_at as loaded_at
    from winners
    cross join allowed_properties
    left join event_names
        on
            winners.source = event_names.source
            and winners.source_event_name = event_names.source_name
    left join user_agents
        on winners.user_agent = user_agents.user_agent
    left join internal_places
        on
            coalesce(winners.traffic_type, '') = internal_places.traffic_type
            and coalesce(winners.page_host, '') = internal_places.page_host

),

{% if is_incremental() -%}
    placed_anew as (

        select
            stored.row_key,
        {% for column in columns -%}
            {% if column == 'lateness_seconds' -%}
                {{ seconds_between('stored.occurred_at', 'placed.loaded_at') }} as lateness_seconds
            {%- elif column == 'is_counted' -%}
                placed.is_in_counted_session and not stored.is_internal as is_counted
            {%- elif column in changing -%}
                placed.{{ column }}
            {%- else -%}
                stored.{{ column }}
            {%- endif %}
            {{- ',' if not loop.last }}
        {% endfor %}
        from stored
        inner join placed
            on stored.row_key = placed.row_key

    ),

    everything as (

        select
            enriched.row_key,
        {% for column in columns -%}
            enriched.{{ column }}
            {{- ',' if not loop.last }}
        {% endfor %}
        from enriched
        union all
        select * from placed_anew

    ),

{% endif -%}
final as (

    {% if is_incremental() -%}
        select
            touched.row_key,
            {% for column in columns -%}
                everything.{{ column }},
            {% endfor -%}
            -- a row that is touched and not kept any more goes
            everything.row_key is null as is_removed,
            progress.run_number
        from touched
        cross join progress
        left join everything
            on touched.row_key = everything.row_key
    {%- else -%}
        select
            enriched.row_key,
            {% for column in columns -%}
                enriched.{{ column }},
            {% endfor -%}
            false as is_removed,
            progress.run_number
        from enriched
        cross join progress
    {%- endif %}

)

select * from final
