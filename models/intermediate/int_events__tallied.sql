{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='batch',
    on_schema_change='fail'
) }}
{% set last_read = known_read_until() %}

-- depends_on: {{ ref('int_events__sessionized') }}
with

progress as (

    {{ progress() }}

),

bot_sessions as (

    select session_key from {{ ref('int_sessions__judged') }}
    where is_bot

),

{% if is_incremental() -%}
    changed_sessions as (

        select sessions.session_key
        from {{ ref('int_sessions__judged') }} as sessions
        where {{ since('sessions', last_read) }}

    ),

    -- a batch is counted anew as a whole when one of its rows was judged anew, or may be a bot's
    touched_rows as (

        select judged.row_key
        from {{ ref('int_events__judged') }} as judged
        where {{ since('judged', last_read) }}

        union all

        select sessionized.row_key
        from {{ ref('int_events__sessionized') }} as sessionized
        where
            sessionized.session_key in (
                select changed_sessions.session_key from changed_sessions
            )
            and {{ not_before('sessionized.occurred_at', earliest_of(
                last_read,
                'select started_at as moment from ' ~ ref('int_sessions__judged') ~ ' as sessions where '
                ~ since('sessions', last_read)
            )) }}

    ),

    touched as (

        select distinct {{ batch_of('row_key') }} as batch  -- a batch has many rows
        from touched_rows

    ),

    bounds as (

        select
            {{ row_key('min(batch)', '0') }} as first_row_key,
            {{ row_key('(max(batch) + 1)', '0') }} as end_row_key
        from touched

    ),

{% endif -%}
-- bots by behaviour are judged on whole sessions
bot_rows as (

    select sessionized.row_key
    from {{ ref('int_events__sessionized') }} as sessionized
    where
        sessionized.session_key in (select bot_sessions.session_key from bot_sessions)  -- noqa: LT02
        {%- if is_incremental() %}
            and sessionized.row_key >= (select bounds.first_row_key from bounds)
            and sessionized.row_key < (select bounds.end_row_key from bounds)
        {%- endif %}

),

judged as (

    select
        *,
        {{ batch_of('row_key') }} as batch
    from {{ ref('int_events__judged') }}
    {% if is_incremental() -%}
        where
            row_key >= (select bounds.first_row_key from bounds)
            and row_key < (select bounds.end_row_key from bounds)
            and {{ batch_of('row_key') }} in (select touched.batch from touched)
    {%- endif %}

),

outcomes as (

    select
        judged.batch,
        judged.source,
        judged.currency,
        judged.revenue,
        judged.is_unmapped,
        judged.occurred_at,
        cast(judged.loaded_at as date) as loaded_date,
        {{ seconds_between('judged.occurred_at', 'judged.loaded_at') }}
        > {{ var('late_after_hours') }} * 3600 as is_late,
        case
            when bot_rows.row_key is not null then 'bot_behaviour'
            else judged.outcome
        end as outcome
    from judged
    left join bot_rows
        on judged.row_key = bot_rows.row_key

),

tallied as (

    select
        batch,
        source,
        outcome,
        currency,
        loaded_date,
        count(*) as row_count,
        count(case when outcome = 'kept' and is_late then 1 end) as late_count,
        count(case when outcome = 'kept' and is_unmapped then 1 end) as unmapped_count,
        sum(revenue) as amount,
        max(case when outcome = 'kept' then occurred_at end) as newest_occurred_at
    from outcomes
    group by batch, source, outcome, currency, loaded_date

),

final as (

    select
        tallied.batch,
        tallied.source,
        tallied.outcome,
        tallied.currency,
        tallied.loaded_date,
        tallied.row_count,
        tallied.late_count,
        tallied.unmapped_count,
        tallied.amount,
        tallied.newest_occurred_at,
        false as is_removed,
        progress.run_number
    from tallied
    cross join progress

)

select * from final
