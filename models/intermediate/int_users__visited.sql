{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='user_key',
    on_schema_change='fail'
) }}
{% set last_read = known_read_until() %}

-- depends_on: {{ ref('int_batches__read') }}
with

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

newest_run as (

    select max(run_number) as run_number from identities

),

{% if is_incremental() -%}
    progress as (

        {{ progress() }}

    ),

    {{ touched_users(last_read) }}

{% endif -%}
-- the newest day tells what was known until it
visits as (

    select
        user_days.user_key,
        user_days.first_session_key_to_date as first_session_key,
        user_days.first_channel_group_to_date as acquisition_channel,
        user_days.last_country_to_date as country,
        user_days.last_device_to_date as device
    from {{ ref('int_user_days') }} as user_days
    where
        user_days.next_active_date is null  -- noqa: LT02
        {%- if is_incremental() %}
            -- a user who is touched has that day written anew, whichever it is
            and {{ since('user_days', last_read) }}
        {%- endif %}

),

final as (

    {% if is_incremental() -%}
        select
            touched.user_key,
            visits.first_session_key,
            visits.acquisition_channel,
            visits.country,
            visits.device,
            -- nothing is left of who was touched and has no day any more
            visits.user_key is null as is_removed,
            newest_run.run_number
        from touched
        cross join newest_run
        left join visits
            on touched.user_key = visits.user_key

        union all

        -- nor of ids that no identifier carries any more
        select
            stored.user_key,
            stored.first_session_key,
            stored.acquisition_channel,
            stored.country,
            stored.device,
            true as is_removed,
            newest_run.run_number
        from {{ this }} as stored
        cross join newest_run
        left join identities
            on stored.user_key = identities.user_key
        where identities.user_key is null
    {%- else -%}
        select
            visits.user_key,
            visits.first_session_key,
            visits.acquisition_channel,
            visits.country,
            visits.device,
            false as is_removed,
            newest_run.run_number
        from visits
        cross join newest_run
    {%- endif %}

)

select * from final
