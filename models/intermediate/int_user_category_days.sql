{{ config(
    materialized='incremental', unique_key='user_id', incremental_strategy='replace',
    on_schema_change='fail'
) }}
{% set last_read = known_read_until() %}
{% set first_day = first_touched_day(last_read) if is_incremental() %}
{% set has_regrouped = any_regrouped(last_read) if is_incremental() %}

-- depends_on: {{ ref('int_batches__read') }}, {{ ref('int_events__judged') }}
-- depends_on: {{ ref('int_events__sessionized') }}, {{ ref('int_sessions__judged') }}
with

{% if is_incremental() -%}
    progress as (

        {{ progress() }}

    ),

{% endif -%}
identities as (

    select * from {{ ref('int_identities__resolved') }}

),

newest_run as (

    select max(run_number) as run_number from identities

),

{% if is_incremental() -%}
    {{ touched_users(last_read) }}

    stored as (

        select * from {{ this }}
        where
            active_date < {{ first_day }}
            and user_key in (select steady.user_key from steady)

    ),

{% endif -%}
items as (

    select * from {{ ref('int_events__items') }}
    where
        category is not null  -- noqa: LT02
        {%- if is_incremental() %}
            and occurred_at > cast({{ first_day }} as timestamp)
            and identifier_key in ({{ identifiers_of('touched') }})
        {%- endif %}

    {% if has_regrouped -%}
        union all

        select * from {{ ref('int_events__items') }}
        where
            category is not null
            and occurred_at <= cast({{ first_day }} as timestamp)
            and identifier_key in ({{ identifiers_of('regrouped') }})
    {%- endif %}

),

dated as (

    select
        user_id,
        category,
        cast({{ add_seconds('occurred_at', '-0.000001') }} as date) as active_date
    from items

),

summed as (

    select
        user_id,
        category,
        active_date,
        count(*) as item_count
    from dated
    group by user_id, category, active_date

    {% if is_incremental() -%}
        union all

        select
            user_id,
            category,
            active_date,
            item_count
        from stored
    {%- endif %}

),

running as (

    select
        *,
        cast(sum(item_count) over category_timeline as bigint) as item_count_to_date,
        lead(active_date) over category_timeline as next_active_date
    from summed
    window category_timeline as (
        partition by user_id, category
        order by active_date
    )

),

{% if is_incremental() -%}
    -- what there is of touched users goes first, and of ids that no identifier carries any more
    gone as (

        select user_id from touched

        union

        select newest_days.user_id
        from {{ this }} as newest_days
        left join identities
            on newest_days.user_key = identities.user_key
        where
            newest_days.next_active_date is null
            and newest_days.user_key is not null
            and identities.user_key is null

    ),

{% endif -%}
final as (

    select
        running.user_id,
        running.category,
        running.active_date,
        {{ text_number('running.user_id') }} as user_key,
        running.item_count,
        running.item_count_to_date,
        running.next_active_date,
        newest_run.run_number,
        false as is_removed
    from running
    cross join newest_run

    {% if is_incremental() -%}
        union all

        select
            user_id,
            cast(null as varchar) as category,
            cast(null as date) as active_date,
            cast(null as bigint) as user_key,
            cast(null as bigint) as item_count,
            cast(null as bigint) as item_count_to_date,
            cast(null as date) as next_active_date,
            cast(null as bigint) as run_number,
            true as is_removed
        from gone
    {%- endif %}

    union all

    -- where nothing has a category this row alone tells how far the table has read
    select
        '' as user_id,
        cast(null as varchar) as category,
        cast(null as date) as active_date,
        cast(null as bigint) as user_key,
        cast(null as bigint) as item_count,
        cast(null as bigint) as item_count_to_date,
        cast(null as date) as next_active_date,
        run_number,
        false as is_removed
    from newest_run

)

select * from final
