{#-
    What rules look into, found before the query is planned: a column that no rule asks for is not
    read of millions of events. Everything where the rules are not known yet, as in a unit test.
-#}
{% set ruled = ref('int_triggers__ruled') %}
{% set question -%}
    select distinct filter_column as asked
    from {{ ruled }}
    where filter_column is not null

    union all

    select distinct 'key ' || key_kind as asked
    from {{ ruled }}
    {%- for number in condition_numbers() %}

    union all

    select 'condition {{ number }}' as asked
    from {{ ruled }}
    where property_{{ number }} is not null
    {%- endfor %}
{%- endset %}
{% set found = known_rows(question, [ruled]) %}
{% set asked = none if found is none else found | map(attribute=0) | list %}
{% set texts = {
    'product_id': 'coalesce(items.product_id, events.product_id)',
    'category': 'coalesce(items.category, events.category)',
    'channel_group': 'sessions.channel_group',
} %}
{% for name in [
    'device', 'country', 'source', 'page', 'page_host', 'referrer_host', 'utm_source', 'utm_medium',
    'utm_campaign',
] %}
    {% do texts.update({name: 'events.' ~ name}) %}
{% endfor %}
{% do texts.update({
    'property': "case when roles.filter_operator in ('=', '!=') then "
        ~ json_member('events.properties', 'roles.property_name') ~ ' end'
}) %}
{% set numbers = {
    'revenue': 'events.revenue',
    'quantity': 'coalesce(items.quantity, events.quantity)',
    'price': 'coalesce(items.price, events.price)',
    'property': "case when roles.filter_operator not in ('=', '!=') then "
        ~ number_from_text(json_member('events.properties', 'roles.property_name')) ~ ' end',
} %}
{% set keys = {'product': texts['product_id'], 'category': texts['category']} %}
{#- Only then is it looked up which session an event is of. -#}
{% set is_channel_asked = asked is none or 'channel_group' in asked %}
{% set conditions = [] %}
{% for number in condition_numbers() if asked is none or 'condition ' ~ number in asked %}
    {% do conditions.append(number) %}
{% endfor %}

-- depends_on: {{ ref('int_sessions__attributed') }}
with

rules as (

    select * from {{ ref('int_triggers__ruled') }}

),

-- what each event does for a rule; a filter binds only the event that opens or matches
roles as (

    select
        rule_number,
        key_kind,
        event_name,
        case kind
            when 'absence' then 'start'
            when 'sequence' then 'step_1'
            else 'match'
        end as match_role,
        is_by_item,
        filter_column,
        property_name,
        filter_operator,
        filter_value,
        {% for number in condition_numbers() -%}
            property_{{ number }},
            operator_{{ number }},
            value_{{ number }},
        {% endfor -%}
        sum_column
    from rules

    {% set others = [
        ('then_event_1', 'step_2'), ('then_event_2', 'step_3'), ('then_event_3', 'step_4'),
        ('then_not_event', 'stop'), ('ends_with_event', 'end'),
    ] -%}
    {% for event_name, match_role in others -%}
        union all

        select
            rule_number,
            key_kind,
            {{ event_name }} as event_name,
            '{{ match_role }}' as match_role,
            key_kind <> 'none' as is_by_item,
            cast(null as varchar) as filter_column,
            cast(null as varchar) as property_name,
            cast(null as varchar) as filter_operator,
            cast(null as varchar) as filter_value,
            {% for number in condition_numbers() -%}
                cast(null as varchar) as property_{{ number }},
                cast(null as varchar) as operator_{{ number }},
                cast(null as varchar) as value_{{ number }},
            {% endfor -%}
            cast(null as varchar) as sum_column
        from rules
        where {{ event_name }} is not null
    {% endfor %}
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

    select * from {{ ref('int_events__counted') }}
    where
        identifier_key in (select identifiers.identifier_key from identifiers)
        and event_name in (select roles.event_name from roles)

),

-- only events with several products have items of their own
items as (

    select * from {{ ref('int_events__unfolded') }}

),

{% if is_channel_asked -%}
    sessions as (

        select
            session_key,
            channel_group
        from {{ ref('int_sessions__attributed') }}

    ),

{% endif -%}
compared as (

    select
        roles.rule_number,
        roles.match_role,
        roles.filter_column,
        roles.filter_operator,
        roles.filter_value,
        roles.sum_column,
        roles.is_by_item,
        events.event_key,
        events.user_key,
        items.row_key is not null as is_item,
        {{ epoch_microseconds('events.occurred_at') }} as occurred_microseconds,
        case roles.key_kind
            -- the branch that is there whatever rules ask for
            when 'none' then ''
            {%- for kind, text in keys.items() if asked is none or 'key ' ~ kind in asked %}
                when '{{ kind }}' then {{ text }}
            {%- endfor %}
            else ''
        end as key_value,
        -- asked once for the many events that no rule looks into
        case
            when roles.filter_column is not null
                then case roles.filter_column
                    when '' then cast(null as varchar)
                    {%- for name, text in texts.items() if asked is none or name in asked %}
                        when '{{ name }}' then {{ text }}
                    {%- endfor %}
                end
        end as compared_text,
        case
            when roles.filter_column is not null
                then case roles.filter_column
                    when '' then cast(null as decimal(18, 4))
                    {%- for name, number in numbers.items() if asked is none or name in asked %}
                        when '{{ name }}' then {{ number }}
                    {%- endfor %}
                end
        end as compared_number,
        -- all of them must hold, and an unknown fulfils none
        true
        {%- for number in conditions %}
            and case
                when roles.property_{{ number }} is null then true
                when roles.operator_{{ number }} in ('=', '!=')
                    then coalesce({{ compares(
                        json_member('events.properties', 'roles.property_' ~ number),
                        'roles.operator_' ~ number,
                        'roles.value_' ~ number
                    ) }}, false)
                else coalesce({{ compares(
                    number_from_text(
                        json_member('events.properties', 'roles.property_' ~ number)
                    ),
                    'roles.operator_' ~ number,
                    number_from_text('roles.value_' ~ number)
                ) }}, false)
            end
        {%- endfor %}
            as is_fulfilled,
        case roles.sum_column
            -- who does not say how many means one
            when 'quantity'
                then coalesce(
                    case
                        when roles.is_by_item and items.row_key is not null then items.quantity
                        else events.quantity
                    end,
                    1
                )
            when 'revenue'
                then case
                    when roles.is_by_item and items.row_key is not null then items.revenue
                    else events.revenue
                end
        end as amount,
        case when roles.sum_column = 'revenue' then events.currency end as currency
    from events
    inner join roles
        on events.event_name = roles.event_name
    left join items
        on events.row_key = items.row_key
    {% if is_channel_asked -%}
        left join sessions
            on events.session_key = sessions.session_key
    {%- endif %}

),

matched as (

    select
        *,
        {{ chain_key('rule_number', 'key_value') }} as chain_key
    from compared
    where
        key_value is not null
        and is_fulfilled
        and (sum_column is null or amount is not null)
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
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        match_role,
        occurred_microseconds,
        amount,
        currency
    from matched
    where not is_item

    union all

    -- several items of one event that share a key are one match
    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        match_role,
        occurred_microseconds,
        -- a rule that does not look at items adds what the event tells, once
        cast(
            case when is_by_item then sum(amount) else max(amount) end as decimal(18, 4)
        ) as amount,
        currency
    from matched
    where is_item
    group by
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        match_role,
        occurred_microseconds,
        is_by_item,
        currency

)

select * from final
