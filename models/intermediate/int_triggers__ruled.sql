{{ config(materialized='view') }}

with

numbered_conditions as (

    select
        *,
        row_number() over (
            partition by rule_id
            order by property_name, operator, value
        ) as condition_number
    from {{ ref('trigger_conditions') }}

),

-- side by side, so that an event is looked at once
conditions as (

    select
        {% for number in condition_numbers() -%}
            max(case when condition_number = {{ number }} then property_name end)
                as property_{{ number }},
            max(case when condition_number = {{ number }} then operator end)
                as operator_{{ number }},
            max(case when condition_number = {{ number }} then value end) as value_{{ number }},
        {% endfor -%}
        rule_id
    from numbered_conditions
    group by rule_id

),

rules as (

    select
        {% for number in condition_numbers() -%}
            conditions.property_{{ number }},
            conditions.operator_{{ number }},
            conditions.value_{{ number }},
        {% endfor -%}
        trigger_rules.*
    from {{ ref('trigger_rules') }} as trigger_rules
    left join conditions
        on trigger_rules.rule_id = conditions.rule_id

),

final as (

    select
        rule_id,
        row_number() over (order by rule_id) as rule_number,
        kind,
        event_name,
        case when filter_column like 'properties.%' then 'property' else filter_column end
            as filter_column,
        case
            when filter_column like 'properties.%'
                then {{ dbt.replace('filter_column', "'properties.'", "''") }}
        end as property_name,
        filter_operator,
        filter_value,
        {% for number in condition_numbers() -%}
            property_{{ number }},
            operator_{{ number }},
            value_{{ number }},
        {% endfor -%}
        key_kind,
        -- what an item of several tells on its own
        key_kind <> 'none'
        or coalesce(filter_column in ('product_id', 'category', 'quantity', 'price'), false)
            as is_by_item,
        coalesce(match_count, 1) as needed_count,
        sum_column,
        at_least as needed_amount,
        {{ hours_in_microseconds('within_hours') }} as within_microseconds,
        {% for step in [1, 2, 3] -%}
            nullif(trim({{ dbt.split_part('then_event', "'>'", step) }}), '')
                as then_event_{{ step }},
        {% endfor -%}
        1 + length(then_event) - length({{ dbt.replace('then_event', "'>'", "''") }}) + 1
            as step_count,
        then_not_event,
        wait_from = 'last' as is_from_last,
        {{ hours_in_microseconds('after_hours') }} as after_microseconds,
        ends_with_event,
        {{ hours_in_microseconds('cooldown_hours') }} as cooldown_microseconds,
        {{ hours_in_microseconds('expires_hours') }} as expires_microseconds
    from rules

)

select * from final
