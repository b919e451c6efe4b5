with

rules as (

    select * from {{ ref('trigger_rules') }}

),

named as (

    select event_name from rules
    union distinct
    select then_not_event as event_name from rules
    where then_not_event is not null

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
        and event_name in (select named.event_name from named)

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
        rules.rule_id,
        rules.kind,
        rules.key_kind,
        rules.filter_column,
        rules.filter_operator,
        rules.filter_value,
        offered.*,
        case rules.filter_column
            when 'product_id' then offered.product_id
            when 'category' then offered.category
            when 'channel_group' then offered.channel_group
            when 'device' then offered.device
            when 'country' then offered.country
            when 'source' then offered.source
        end as compared_text,
        case rules.filter_column
            when 'revenue' then offered.revenue
            when 'quantity' then offered.quantity
            when 'price' then offered.price
        end as compared_number
    from offered
    inner join rules
        on offered.event_name = rules.event_name

),

opening as (

    select
        rule_id,
        key_kind,
        event_key,
        user_key,
        product_id,
        category,
        occurred_microseconds,
        case kind when 'count' then 'match' else 'start' end as match_role
    from compared
    where
        filter_column is null
        or {{ compares('compared_text', 'filter_operator', 'filter_value') }}
        or {{ compares(
            'compared_number',
            'filter_operator',
            number_from_text('filter_value')
        ) }}

),

closing as (

    select
        rules.rule_id,
        rules.key_kind,
        offered.event_key,
        offered.user_key,
        offered.product_id,
        offered.category,
        offered.occurred_microseconds,
        'stop' as match_role
    from offered
    inner join rules
        on offered.event_name = rules.then_not_event
    where rules.kind = 'absence'

),

gathered as (

    select * from opening
    union all
    select * from closing

),

keyed as (

    select
        *,
        case key_kind
            when 'product' then product_id
            when 'category' then category
            else ''
        end as key_value
    from gathered

),

final as (

    -- several items of one event that share a key are one match
    select distinct
        rule_id,
        user_key,
        key_value,
        event_key,
        match_role,
        occurred_microseconds
    from keyed
    where key_value is not null

)

select * from final
