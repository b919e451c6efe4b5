{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail'
) }}
{#- The seeds that stored rows were made with. When one changes, stored rows are made anew. -#}
{% set seeds = {
    'bot_patterns': ['pattern'],
    'event_names': ['source', 'source_name', 'event_name', 'engagement_weight', 'is_visit'],
    'internal_traffic': ['field', 'pattern'],
    'property_allow_list': ['property_name'],
    'trackers': ['source', 'rank'],
    'channel_groups': ['priority', 'channel_group', 'source_pattern', 'medium_pattern', 'campaign_pattern'],
    'referral_exclusions': ['referrer_host'],
    'currency_rates': ['from_currency', 'to_currency', 'valid_from', 'rate'],
} %}
{% set settings = [
    var('as_of') or '', var('session_timeout_seconds'), var('session_cap_hours'),
    var('bot_session_events'), var('identity_max_logins'), var('reporting_currency'),
    var('late_after_hours'),
] %}

with

landed as (

    select
        batch,
        source,
        source_table,
        rows_in
    from {{ ref('stg_landing__batches') }}
    where batch > {{ '(select coalesce(max(batch), 0) from ' ~ this ~ ')' if is_incremental() else '0' }}

),

previous as (

    {% if is_incremental() -%}
        select
            coalesce(max(run_number), 0) as run_number,
            {{ last_by('rules_hash', 'run_number') }} as rules_hash
        from {{ this }}
    {%- else -%}
        select
            0 as run_number,
            cast(null as varchar) as rules_hash
    {%- endif %}

),

{% for seed, columns in seeds.items() -%}
    {{ seed }}_rules as (

        select
            {{ ordered_text(surrogate_key(columns), surrogate_key(columns), '') }} as rules_text
        from {{ ref(seed) }}

    ),

{% endfor -%}
rules as (

    select
        md5(
            '{{ settings | join("|") }}'
            {%- for seed in seeds %}
                || coalesce({{ seed }}_rules.rules_text, '')
            {%- endfor %}
        ) as rules_hash
    from
        {{ (seeds | list)[0] }}_rules
    {%- for seed in (seeds | list)[1:] %}
        cross join {{ seed }}_rules
    {%- endfor %}

),

-- a long history is taken in by slices; one batch is the least
sliced as (

    select
        *,
        coalesce(
            sum(rows_in) over (
                order by batch
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as rows_before
    from landed

),

taken as (

    select * from sliced
    where
        rows_before = 0
        or rows_before + rows_in <= {{ var('slice_rows') }}

),

run as (

    select
        rules.rules_hash,
        previous.rules_hash is null
        or previous.rules_hash <> rules.rules_hash as is_reset,
        greatest(
            previous.run_number + 1, coalesce((select max(taken.batch) from taken), 0)
        ) as run_number
    from previous
    cross join rules

),

final as (

    select
        taken.batch,
        taken.source,
        taken.source_table,
        taken.rows_in,
        run.rules_hash,
        false as is_reset,
        run.run_number
    from taken
    cross join run

    union all

    -- not a batch: a run in which all that was read before is judged by new rules
    select
        -run_number as batch,
        'rules' as source,
        'rules' as source_table,
        0 as rows_in,
        rules_hash,
        true as is_reset,
        run_number
    from run
    where is_reset

)

select * from final
