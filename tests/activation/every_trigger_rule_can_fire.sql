{#-
    Stops the build, before any trigger is read, with each rule that is incomplete, impossible or
    names what nobody knows, and what to do about it.
-#}
{% set numbers = ['revenue', 'quantity', 'price'] %}
{% set told = "('" ~ numbers | join("', '") ~ "')" %}
{% set texts = [
    'product_id', 'category', 'channel_group', 'device', 'country', 'source', 'page', 'page_host',
    'referrer_host', 'utm_source', 'utm_medium', 'utm_campaign',
] %}

with

text_columns as (

    {% for column in texts -%}
        select '{{ column }}' as column_name
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

rules as (

    select
        *,
        coalesce(
            filter_column in {{ told }}, false
        ) as is_number,
        coalesce(
            filter_column in (select text_columns.column_name from text_columns), false
        ) as is_text,
        case
            when filter_column like 'properties.%'
                then {{ dbt.replace('filter_column', "'properties.'", "''") }}
        end as property_name
    from {{ ref('trigger_rules') }}

),

events as (

    -- several sources share an event
    select distinct event_name from {{ ref('event_names') }}

),

properties as (

    select property_name from {{ ref('property_allow_list') }}

),

conditions as (

    select * from {{ ref('trigger_conditions') }}

),

named_events as (

    {% for column in ['event_name', 'then_not_event', 'ends_with_event'] -%}
        select
            rule_id,
            '{{ column }}' as column_name,
            {{ column }} as event_name
        from rules

        union all

    {% endfor -%}
    {% for step in [1, 2, 3] -%}
        select
            rule_id,
            'then_event' as column_name,
            trim({{ dbt.split_part('then_event', "'>'", step) }}) as event_name
        from rules
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

{% set condition_checks = [
    (
        "coalesce(rule_id, '') not in (select rules.rule_id from rules where rules.rule_id is not null)",
        "'is of a rule that there is not'",
        "'use a rule_id of seeds/rules/trigger_rules.csv'",
    ),
    (
        "coalesce(property_name, '') not in (select properties.property_name from properties)",
        "'looks at the property ' || coalesce(property_name, 'without a name') || ', which does not pass'",
        "'add it to seeds/lookups/property_allow_list.csv'",
    ),
    (
        "coalesce(operator in ('=', '!=', '>', '>=', '<', '<='), false) = false",
        "'compares by ' || coalesce(operator, 'nothing')",
        "'use = or !=, and for numbers also >, >=, < or <='",
    ),
    (
        "value is null"
        "\n            or (operator not in ('=', '!=') and " ~ number_from_text('value') ~ " is null)",
        "'compares ' || coalesce(property_name, '') || ' with ' || coalesce(value, 'nothing')",
        "'write a text for = and !=, and a number for the others'",
    ),
] -%}
{% set checks = [
    ("rule_id is null", "'has no rule_id'", "'give it a name of its own'"),
    (
        "coalesce(kind in ('count', 'sum', 'nth', 'sequence', 'absence'), false) = false",
        "'has the kind ' || coalesce(kind, 'of nothing')",
        "'use count, sum, nth, sequence or absence'",
    ),
    ("event_name is null", "'has no event_name'", "'name the event that opens or matches'"),
    (
        "coalesce(key_kind in ('none', 'product', 'category'), false) = false",
        "'has the key_kind ' || coalesce(key_kind, 'of nothing')",
        "'use none, product or category'",
    ),
    (
        "coalesce(cooldown_hours, -1) < 0\n            or coalesce(expires_hours, -1) < 0",
        "'has no, or a negative, cooldown_hours or expires_hours'",
        "'write 0 or more hours'",
    ),
    (
        "kind in ('count', 'nth') and coalesce(match_count, 0) < 1",
        "'asks for ' || coalesce(cast(match_count as varchar), 'no number of') || ' matches'",
        "'write a match_count of 1 or more'",
    ),
    (
        "kind in ('count', 'sum', 'sequence') and coalesce(within_hours, -1) < 0",
        "'has a window of ' || coalesce(cast(within_hours as varchar), 'no') || ' hours'",
        "'write within_hours of 0 or more'",
    ),
    (
        "kind = 'count' and match_count > 1000",
        "'asks for more than 1,000 matches, of which nobody could see the evidence'",
        "'ask for fewer, or for a sum'",
    ),
    (
        "kind = 'sum' and (coalesce(sum_column in ('revenue', 'quantity'), false) = false"
        "\n            or coalesce(at_least, 0) <= 0)",
        "'sums nothing, or to nothing'",
        "'write revenue or quantity into sum_column and a positive number into at_least'",
    ),
    (
        "kind = 'sequence' and then_event is null",
        "'has nothing that follows'",
        "'write one to three events into then_event, such as add_to_cart > purchase'",
    ),
    (
        "length(then_event) - length(replace(then_event, '>', '')) > 2",
        "'has more than four steps'",
        "'leave out steps: then_event takes three events'",
    ),
    (
        "kind = 'absence' and (then_not_event is null\n            or coalesce(after_hours, 0) <= 0"
        "\n            or coalesce(wait_from in ('first', 'last'), false) = false)",
        "'waits for nothing, for no time or from nowhere'",
        "'write then_not_event, a positive after_hours, and first or last into wait_from'",
    ),
    (
        "kind <> 'absence'"
        "\n            and coalesce(then_not_event, wait_from, cast(after_hours as varchar)) is not null",
        "'is no absence rule, but says what it waits for'",
        "'empty then_not_event, wait_from and after_hours, or make it one'",
    ),
    (
        "kind not in ('count', 'sum', 'sequence') and within_hours is not null",
        "'has no window, but within_hours'",
        "'empty within_hours, or make it a count rule'",
    ),
    (
        "kind not in ('count', 'nth') and match_count is not null",
        "'counts nothing, but has a match_count'",
        "'empty match_count, or make it a count or nth rule'",
    ),
    (
        "kind <> 'sum' and coalesce(sum_column, cast(at_least as varchar)) is not null",
        "'sums nothing, but has sum_column or at_least'",
        "'empty both, or make it a sum rule'",
    ),
    (
        "kind <> 'sequence' and then_event is not null",
        "'is no sequence, but has then_event'",
        "'empty it, or make it a sequence'",
    ),
    (
        "filter_column is not null and not is_number and not is_text and property_name is null",
        "'looks at ' || filter_column || ', which no event has'",
        "'use " ~ (numbers + texts[:6]) | join(", ") ~ ", '\n            || '"
        ~ texts[6:] | join(", ") ~ " or properties.<name>'",
    ),
    (
        "property_name is not null"
        "\n            and property_name not in (select properties.property_name from properties)",
        "'looks at the property ' || property_name || ', which does not pass'",
        "'add it to seeds/lookups/property_allow_list.csv'",
    ),
    (
        "(filter_column is null) <> (filter_operator is null)"
        "\n            or (filter_column is null) <> (filter_value is null)",
        "'has half a filter'",
        "'write filter_column, filter_operator and filter_value, or none of them'",
    ),
    (
        "filter_operator not in ('=', '!=', '>', '>=', '<', '<=')"
        "\n            or (is_text and filter_operator not in ('=', '!='))",
        "'compares ' || coalesce(filter_column, 'nothing') || ' by ' || filter_operator",
        "'use = or !=, and for numbers also >, >=, < or <='",
    ),
    (
        "(is_number or (property_name is not null and filter_operator not in ('=', '!=')))"
        "\n            and filter_value is not null and " ~ number_from_text('filter_value') ~ " is null",
        "'compares a number with ' || filter_value",
        "'write a number into filter_value'",
    ),
    (
        "is_number and filter_operator in ('<', '<=', '=')"
        "\n            and filter_column in ('quantity', 'price')"
        "\n            and (" ~ number_from_text('filter_value') ~ " < 0\n            or (filter_operator = '<' and "
        ~ number_from_text('filter_value') ~ " = 0))",
        "'asks for a ' || filter_column || ' below nothing'",
        "'write a filter_value that an event can have'",
    ),
    (
        "trigger_name is null or action is null or description is null",
        "'does not say what it is for'",
        "'fill trigger_name, action and description'",
    ),
] -%}
problems as (

    {% for condition, problem, remedy in checks -%}
        select
            coalesce(rule_id, '(no rule_id)') as rule_id,
            {{ problem }} as problem,
            {{ remedy }} as remedy
        from rules
        where {{ condition }}

        union all

    {% endfor -%}
    {% for condition, problem, remedy in condition_checks -%}
        select
            coalesce(rule_id, '(no rule_id)') as rule_id,
            'has a condition in trigger_conditions.csv that ' || {{ problem }} as problem,
            {{ remedy }} as remedy
        from conditions
        where {{ condition }}

        union all

    {% endfor -%}
    select
        rule_id,
        'stands ' || count(*) || ' times' as problem,
        'give each row a rule_id of its own; an old one is never used again' as remedy
    from rules
    group by rule_id
    having count(*) > 1

    union all

    select
        rule_id,
        'has ' || count(*) || ' conditions in trigger_conditions.csv' as problem,
        'keep three at most, beside the filter of its own row' as remedy
    from conditions
    group by rule_id
    having count(*) > {{ condition_numbers() | length }}

    union all

    select
        min(rule_id) as rule_id,
        'shares the trigger_name ' || trigger_name as problem,
        'give each rule a name of its own' as remedy
    from rules
    group by trigger_name
    having count(*) > 1

    union all

    select
        named_events.rule_id,
        'names the event ' || named_events.event_name || ' in ' || named_events.column_name
        || ', which nobody sends' as problem,
        'correct it, or add the event to seeds/lookups/event_names.csv' as remedy
    from named_events
    left join events
        on named_events.event_name = events.event_name
    where
        events.event_name is null
        and named_events.event_name <> ''

),

told as (

    select
        {{ ordered_text(
            "'seeds/rules/trigger_rules.csv, rule ' || rule_id || ': it ' || problem || '. '"
            ~ "\n            || upper(left(remedy, 1)) || substr(remedy, 2) || '.'",
            '\nrule_id, problem', ' '
        ) }} as message
    from problems

)

select {{ raise_error('message') }} as problem
from told
where message is not null
