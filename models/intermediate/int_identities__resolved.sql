{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='identifier_key',
    on_schema_change='fail'
) }}

with

components as (

    select * from {{ ref('int_identities__components') }}

),

touched as (

    select * from {{ ref('int_identities__touched') }}
    {% if not is_incremental() -%}
        where
            is_everybody
            or {{ raise_error(
                "'int_identities__resolved is built anew, but only some identities were resolved. "
                ~ "Begin earlier: dbt build --full-refresh --select int_identities__touched+ (run ' || run_number || ')'"
            ) }} is null
    {%- endif %}

),

runs as (

    select coalesce(max(run_number), 0) as run_number
    from {{ ref('int_batches__read') }}

),

final as (

    select
        components.identifier_kind,
        components.identifier_value,
        {{ text_number("components.identifier_kind || '|' || components.identifier_value") }}
            as identifier_key,
        {{ visitor_key('components.identifier_kind', 'components.identifier_value') }}
            as visitor_key,
        {{ key_from_id('components.cluster_id') }} as cluster_key,
        components.user_id,
        {{ text_number('components.user_id') }} as user_key,
        cast(components.component_size as bigint) as component_size,
        components.is_suspect,
        components.first_seen_at,
        components.last_seen_at,
        false as is_removed,
        runs.run_number
    from components
    cross join runs

    union all

    -- what was known and nobody tells any more goes
    select
        touched.identifier_kind,
        touched.identifier_value,
        {{ text_number("touched.identifier_kind || '|' || touched.identifier_value") }}
            as identifier_key,
        touched.visitor_key,
        null as cluster_key,
        cast(null as varchar) as user_id,
        cast(null as bigint) as user_key,
        cast(null as bigint) as component_size,
        cast(null as boolean) as is_suspect,
        cast(null as timestamp) as first_seen_at,
        cast(null as timestamp) as last_seen_at,
        true as is_removed,
        runs.run_number
    from touched
    cross join runs
    left join components
        on
            touched.identifier_kind = components.identifier_kind
            and touched.identifier_value = components.identifier_value
    where
        components.identifier_value is null  -- noqa: LT02
        {%- if not is_incremental() %}
            -- nothing was known
            and false
        {%- endif %}

)

select * from final
