{{ config(
    materialized='incremental', unique_key='user_id', incremental_strategy='replace',
    on_schema_change='fail'
) }}

with

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

stored as (

    select
        user_id,
        max(run_number) as run_number
    from {{ this if is_incremental()
        else '(select cast(null as varchar) as user_id, cast(0 as bigint) as run_number)' }}
    group by user_id

),

touched as (

    select user_id from identities
    where run_number > {{ read_until('stored') }}

    union

    -- ids that no identifier carries any more
    select stored.user_id
    from stored
    left join identities
        on stored.user_id = identities.user_id
    where
        identities.user_id is null
        and stored.user_id <> ''

),

touched_identifiers as (

    select identities.identifier_key
    from identities
    inner join touched
        on identities.user_id = touched.user_id

),

newest_run as (

    select max(run_number) as run_number from identities

),

dated as (

    select
        user_id,
        category,
        cast({{ add_seconds('occurred_at', '-0.000001') }} as date) as active_date
    from {{ ref('int_events__items') }}
    where
        category is not null
        and is_counted
        and user_id is not null
        and identifier_key in (select touched_identifiers.identifier_key from touched_identifiers)

),

summed as (

    select
        user_id,
        category,
        active_date,
        count(*) as item_count
    from dated
    group by user_id, category, active_date

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

gone as (

    -- a touched user's rows go first: nothing of theirs may be left
    select stored.user_id
    from stored
    inner join touched
        on stored.user_id = touched.user_id

),

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
