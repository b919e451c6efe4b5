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

keyed as (

    select
        *,
        {{ text_number("identifier_kind || '|' || identifier_value") }} as identifier_key,
        {{ text_number('user_id') }} as user_key
    from components

),

{% if is_incremental() -%}
    before as (

        select
            identifier_key,
            user_key,
            regrouped_run_number
        from {{ this }}

    ),

    -- users that win or lose an identifier that was known, and so what was done under it long ago
    regrouped as (

        select keyed.user_key
        from keyed
        inner join before
            on keyed.identifier_key = before.identifier_key
        where keyed.user_key <> before.user_key

        union

        select before.user_key
        from touched
        inner join before
            on
                {{ text_number("touched.identifier_kind || '|' || touched.identifier_value") }}
                = before.identifier_key
        left join keyed
            on before.identifier_key = keyed.identifier_key
        where
            keyed.user_key is null
            or keyed.user_key <> before.user_key

    ),

{% endif -%}
final as (

    select
        keyed.identifier_kind,
        keyed.identifier_value,
        keyed.identifier_key,
        {{ visitor_key('keyed.identifier_kind', 'keyed.identifier_value') }} as visitor_key,
        {{ key_from_id('keyed.cluster_id') }} as cluster_key,
        keyed.user_id,
        keyed.user_key,
        cast(keyed.component_size as bigint) as component_size,
        keyed.is_suspect,
        keyed.first_seen_at,
        keyed.last_seen_at,
        false as is_removed,
        {% if is_incremental() -%}
            case
                when regrouped.user_key is not null then runs.run_number
                else coalesce(before.regrouped_run_number, 0)
            end as regrouped_run_number,
        {%- else -%}
            runs.run_number as regrouped_run_number,
        {%- endif %}
        runs.run_number
    from keyed
    cross join runs
    {%- if is_incremental() %}
        left join before
            on keyed.identifier_key = before.identifier_key
        left join regrouped
            on keyed.user_key = regrouped.user_key
    {%- endif %}

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
        cast(null as bigint) as regrouped_run_number,
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
