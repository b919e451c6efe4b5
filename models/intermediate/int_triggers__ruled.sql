{{ config(materialized='view') }}

with

rules as (

    select * from {{ ref('trigger_rules') }}

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
