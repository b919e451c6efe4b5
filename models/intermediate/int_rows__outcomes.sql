{#- Tables whose rows are told apart by their whole content: the same content is a duplicate. -#}
{% set plain_tables = [
    ('crm', 'customers', 'stg_crm__customers', 'updated_at', 'null', 'null'),
    ('crm', 'orders', 'stg_crm__orders', 'ordered_at', 'null', 'null'),
    ('crm', 'consents', 'stg_crm__consents', 'changed_at', 'null', 'null'),
    ('crm', 'erasures', 'stg_crm__erasures', 'requested_at', 'null', 'null'),
    ('ads', 'costs', 'stg_ads__costs', 'cast(cost_date as timestamp)', 'currency', 'cost'),
    ('decisions', 'served', 'stg_decisions__served', 'served_at', 'null', 'null'),
] %}
{% set event_tables = [
    ('ga4', 'events', 'stg_ga4__events'),
    ('web', 'events', 'stg_web__events'),
    ('pixel', 'hits', 'stg_pixel__hits'),
    ('ads', 'clicks', 'stg_ads__clicks'),
] %}

with

collected as (

    select * from {{ ref('int_events__collected') }}

),

repeated as (

    select * from {{ ref('int_events__repeated') }}

),

deduplicated as (

    select * from {{ ref('int_events__deduplicated') }}

),

sessionized as (

    select * from {{ ref('int_events__sessionized') }}

),

sessions as (

    select * from {{ ref('int_sessions__judged') }}

),

lines as (

    select * from {{ ref('int_orders__lined') }}

),

rejects as (

    select * from {{ ref('stg_landing__rejects') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

event_rows as (

    -- unusable or erased: judged row by row
    select
        source,
        early_outcome as outcome,
        currency,
        revenue as amount,
        loaded_at
    from collected
    where early_outcome is not null

    union all

    select
        collected.source,
        'duplicate' as outcome,
        collected.currency,
        collected.revenue as amount,
        collected.loaded_at
    from collected
    inner join repeated
        on
            collected.source = repeated.source
            and collected.batch = repeated.batch
            and collected.source_line = repeated.source_line
    where repeated.copy_number > 1

    union all

    select
        source,
        outcome,
        currency,
        revenue as amount,
        loaded_at
    from deduplicated
    where outcome <> 'kept'

    union all

    -- bots by behaviour are judged on whole sessions, so every kept event has one
    select
        deduplicated.source,
        case when sessions.is_bot then 'bot_behaviour' else 'kept' end as outcome,
        deduplicated.currency,
        deduplicated.revenue as amount,
        deduplicated.loaded_at
    from deduplicated
    inner join sessionized
        on deduplicated.event_id = sessionized.event_id
    inner join sessions
        on sessionized.session_id = sessions.session_id

    {% for source_name, table_name, model_name in event_tables %}
        union all

        select
            landed.source,
            'after_as_of' as outcome,
            landed.currency,
            landed.revenue as amount,
            landed.loaded_at
        from {{ ref(model_name) }} as landed
        cross join clock
        where
            landed.unusable_reason is null
            and landed.occurred_at > clock.as_of
    {% endfor %}

),

tabled_events as (

    select
        source,
        case source
            {%- for source_name, table_name, model_name in event_tables %}
                when '{{ source_name }}' then '{{ table_name }}'
            {%- endfor %}
        end as source_table,
        outcome,
        cast(null as varchar) as outcome_reason,
        currency,
        amount,
        loaded_at
    from event_rows

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
                order by batch, source_line
            ) as copy_number
        from {{ ref(model_name) }}
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
    from {{ ref('stg_crm__order_lines') }} as landed
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

all_rows as (

    select * from tabled_events
    union all
    select * from plain_rows
    union all
    select * from line_rows
    union all
    select * from reject_rows

),

final as (

    select
        cast(loaded_at as date) as loaded_date,
        source,
        source_table,
        outcome,
        outcome_reason,
        currency,
        count(*) as row_count,
        cast(coalesce(sum(amount), 0) as decimal(18, 4)) as amount
    from all_rows
    group by cast(loaded_at as date), source, source_table, outcome, outcome_reason, currency

)

select * from final
