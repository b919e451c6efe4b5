with

rules as (

    select * from {{ ref('trigger_rules') }}

),

-- what each event does for a rule; a filter binds only the event that opens or matches
roles as (

    select
        rule_id,
        key_kind,
        event_name,
        case kind when 'count' then 'match' else 'start' end as match_role,
        filter_column,
        filter_operator,
        filter_value
    from rules

    union all

    select
        rule_id,
        key_kind,
        then_not_event as event_name,
        'stop' as match_role,
        cast(null as varchar) as filter_column,
        cast(null as varchar) as filter_operator,
        cast(null as varchar) as filter_value
    from rules
    where kind = 'absence'

),

touched as (

    select * from {{ ref('int_triggers__touched') }}

),

identifiers as (

    select identities.identifier_key
    from {{ ref('int_identities__resolved') }} as identities
    inner join touched
        on identities.user_key = touched.user_key

),

events as (

    select * from {{ ref('int_events__resolved') }}
    -- an event that belongs to nobody can trigger nothing for anybody
    where
        is_counted
        and user_id is not null
        and identifier_key in (select identifiers.identifier_key from identifiers)
        and event_name in (select roles.event_name from roles)

),

-- only events with several products have items of their own
items as (

    select * from {{ ref('int_events__unfolded') }}

),

sessions as (

    select
        session_key,
        channel_group
    from {{ ref('int_sessions__attributed') }}
    -- read only where a rule asks for it
    where
        exists (
            select 1 from roles
            where roles.filter_column = 'channel_group'
        )

),

offered as (

    select
        events.event_key,
        events.user_key,
        events.event_name,
        events.source,
        events.device,
        events.country,
        events.revenue,
        sessions.channel_group,
        items.row_key is not null as is_item,
        coalesce(items.product_id, events.product_id) as product_id,
        coalesce(items.category, events.category) as category,
        coalesce(items.quantity, events.quantity) as quantity,
        coalesce(items.price, events.price) as price,
        {{ epoch_microseconds('events.occurred_at') }} as occurred_microseconds
    from events
    left join items
        on events.row_key = items.row_key
    left join sessions
        on events.session_key = sessions.session_key

),

compared as (

    select
        roles.rule_id,
        roles.match_role,
        roles.filter_column,
        roles.filter_operator,
        roles.filter_value,
        offered.event_key,
        offered.user_key,
        offered.is_item,
        offered.occurred_microseconds,
        case roles.key_kind
            when 'product' then offered.product_id
            when 'category' then offered.category
            else ''
        end as key_value,
        case roles.filter_column
            when 'product_id' then offered.product_id
            when 'category' then offered.category
            when 'channel_group' then offered.channel_group
            when 'device' then offered.device
            when 'country' then offered.country
            when 'source' then offered.source
        end as compared_text,
        case roles.filter_column
            when 'revenue' then offered.revenue
            when 'quantity' then offered.quantity
            when 'price' then offered.price
        end as compared_number
    from offered
    inner join roles
        on offered.event_name = roles.event_name

),

matched as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        match_role,
        occurred_microseconds,
        is_item
    from compared
    where
        key_value is not null
        and (
            filter_column is null
            or {{ compares('compared_text', 'filter_operator', 'filter_value') }}
            or {{ compares(
                'compared_number',
                'filter_operator',
                number_from_text('filter_value')
            ) }}
        )

),

final as (

    select
        rule_id,
        user_key,
        key_value,
        event_key,
        match_role,
        occurred_microseconds
    from matched
    where not is_item

    union all

    -- several items of one event that share a key are one match
    select distinct
        rule_id,
        user_key,
        key_value,
        event_key,
        match_role,
        occurred_microseconds
    from matched
    where is_item

)

select * from final
