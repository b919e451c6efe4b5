{{ config(
    materialized='incremental', full_refresh=false, unique_key='clock',
    incremental_strategy='delete+insert', on_schema_change='fail'
) }}

with

progress as (

    {{ progress() }}

),

unread as (

    select batches.batch
    from {{ ref('int_batches__read') }} as batches
    inner join progress
        on batches.run_number > progress.own_number

),

moments as (

    select max(collected.occurred_at) as newest_at
    from {{ ref('int_events__collected') }} as collected
    where
        collected.batch in (select unread.batch from unread)
        and (
            collected.unusable_reason is null
            or collected.unusable_reason <> 'impossible_time'
        )

    union all

    select max(ordered_at) as newest_at from {{ ref('int_orders__collected') }}
    where unusable_reason is null

    union all

    select max(ordered_at) as newest_at from {{ ref('int_order_lines__collected') }}
    where unusable_reason is null

),

newest as (

    -- an empty landing zone has a clock too, so that every model still builds
    select coalesce(max(newest_at), cast('1990-01-01' as timestamp)) as newest_at
    from moments

),

previous as (

    select max(as_of) as as_of
    from {{ this if is_incremental() else '(select cast(null as timestamp) as as_of)' }}

),

wanted as (

    select
        newest.newest_at,
        previous.as_of as previous_as_of,
        {{ "cast('" ~ var('as_of') ~ "' as timestamp)" if var('as_of') else 'cast(null as timestamp)' }}
            as given_as_of
    from newest
    cross join previous

),

final as (

    select
        'now' as clock,
        case
            when wanted.given_as_of < wanted.previous_as_of
                then {{ raise_error(
                    "'as_of ' || wanted.given_as_of || ' lies before ' || wanted.previous_as_of || ', which this home was already built for. "
                    ~ "A past moment is built in a home of its own: make replay AS_OF=..., or set KINDRED_HOME to an empty "
                    ~ "folder and KINDRED_LANDING to the landing folder of this home.'"
                ) }}
            -- the newest event may be erased; the clock still never runs backwards
            else coalesce(
                wanted.given_as_of,
                greatest(wanted.newest_at, coalesce(wanted.previous_as_of, wanted.newest_at))
            )
        end as as_of,
        progress.run_number
    from wanted
    cross join progress

)

select * from final
