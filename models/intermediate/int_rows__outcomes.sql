{#- Tables whose rows are told apart by their whole content: the same content is a duplicate. -#}
{% set plain_tables = [
    ('crm', 'customers', 'int_customers__collected', 'updated_at', 'null', 'null'),
    ('crm', 'orders', 'int_orders__collected', 'ordered_at', 'null', 'null'),
    ('crm', 'consents', 'int_consents__collected', 'changed_at', 'null', 'null'),
    ('crm', 'erasures', 'int_erasures__collected', 'requested_at', 'null', 'null'),
    ('ads', 'costs', 'int_ad_costs__collected', 'cast(cost_date as timestamp)', 'currency', 'cost'),
    ('decisions', 'served', 'int_decisions__collected', 'served_at', 'null', 'null'),
    ('optimizely', 'decisions', 'int_exposures__collected', 'exposed_at', 'null', 'null'),
    ('growthbook', 'exposures', 'int_exposures__collected', 'exposed_at', 'null', 'null'),
] %}
{% set event_tables = {'ga4': 'events', 'web': 'events', 'pixel': 'hits', 'ads': 'clicks'} %}

with

tallied as (

    select * from {{ ref('int_events__tallied') }}

),

lines as (

    select * from {{ ref('int_orders__lined') }}

),

rejects as (

    select * from {{ ref('int_rejects__collected') }}

),

erased as (

    select * from {{ ref('stg_landing__erased') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

event_sums as (

    select
        source,
        case source
            {%- for source_name, table_name in event_tables.items() %}
                when '{{ source_name }}' then '{{ table_name }}'
            {%- endfor %}
        end as source_table,
        outcome,
        cast(null as varchar) as outcome_reason,
        currency,
        sum(row_count) as row_count,
        sum(late_count) as late_count,
        sum(unmapped_count) as unmapped_count,
        max(newest_occurred_at) as newest_occurred_at,
        sum(amount) as amount,
        loaded_date
    from tallied
    group by source, outcome, currency, loaded_date

),

numbered_plain as (

    {% for source_name, table_name, model_name, moment, currency, amount in plain_tables -%}
        select
            '{{ source_name }}' as source,
            '{{ table_name }}' as source_table,
            unusable_reason,
            {{ moment }} as occurred_at,
            cast({{ currency }} as varchar) as currency,
            cast({{ amount }} as decimal(18, 4)) as amount,
            loaded_at,
            row_number() over (
                partition by
                    unusable_reason,
                    -- rows without a hash cannot be told to be the same
                    coalesce(
                        payload_hash, cast(batch as varchar) || '-' || cast(source_line as varchar)
                    )
                order by loaded_at, batch, source_line
            ) as copy_number
        from {{ ref(model_name) }}
        {%- if model_name == 'int_exposures__collected' %}
            where source = '{{ source_name }}'
        {%- endif %}
                {{ 'union all' if not loop.last }} -- noqa: LT02

    {% endfor %}

),

plain_rows as (

    select
        numbered_plain.source,
        numbered_plain.source_table,
        case
            when numbered_plain.unusable_reason is not null then numbered_plain.unusable_reason
            when numbered_plain.occurred_at > clock.as_of then 'after_as_of'
            when numbered_plain.copy_number > 1 then 'duplicate'
            else 'kept'
        end as outcome,
        cast(null as varchar) as outcome_reason,
        numbered_plain.currency,
        numbered_plain.amount,
        numbered_plain.loaded_at
    from numbered_plain
    cross join clock

),

line_rows as (

    select
        'crm' as source,
        'order_lines' as source_table,
        outcome,
        cast(null as varchar) as outcome_reason,
        currency,
        amount,
        loaded_at
    from lines

    union all

    select
        'crm' as source,
        'order_lines' as source_table,
        'after_as_of' as outcome,
        cast(null as varchar) as outcome_reason,
        landed.currency,
        landed.amount,
        landed.loaded_at
    from {{ ref('int_order_lines__collected') }} as landed
    cross join clock
    where
        landed.unusable_reason is null
        and landed.ordered_at > clock.as_of

),

reject_rows as (

    select
        source,
        source_table,
        'unparsable' as outcome,
        reason as outcome_reason,
        cast(null as varchar) as currency,
        cast(null as decimal(18, 4)) as amount,
        loaded_at
    from rejects

),

single_rows as (

    select * from plain_rows
    union all
    select * from line_rows
    union all
    select * from reject_rows

),

summed as (

    select * from event_sums

    union all

    select
        source,
        source_table,
        outcome,
        outcome_reason,
        currency,
        count(*) as row_count,
        0 as late_count,
        0 as unmapped_count,
        cast(null as timestamp) as newest_occurred_at,
        sum(amount) as amount,
        cast(loaded_at as date) as loaded_date
    from single_rows
    group by source, source_table, outcome, outcome_reason, currency, cast(loaded_at as date)

    union all

    -- of persons who were erased their number is left
    select
        source,
        source_table,
        'erased' as outcome,
        'taken out of landing' as outcome_reason,
        cast(null as varchar) as currency,
        sum(rows_erased) as row_count,
        0 as late_count,
        0 as unmapped_count,
        cast(null as timestamp) as newest_occurred_at,
        cast(null as decimal(18, 4)) as amount,
        loaded_date
    from erased
    group by source, source_table, loaded_date

),

final as (

    select
        loaded_date,
        source,
        source_table,
        outcome,
        outcome_reason,
        currency,
        cast(row_count as bigint) as row_count,
        cast(late_count as bigint) as late_count,
        cast(unmapped_count as bigint) as unmapped_count,
        cast(coalesce(amount, 0) as decimal(18, 4)) as amount,
        newest_occurred_at
    from summed

)

select * from final
