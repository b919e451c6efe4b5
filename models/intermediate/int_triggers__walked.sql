{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='user_key',
    on_schema_change='fail'
) }}
{% set chain = 'user_key, chain_key' %}

with recursive

rules as (

    select
        rule_number,
        rule_id,
        cooldown_microseconds,
        expires_microseconds
    from {{ ref('int_triggers__ruled') }}

),

candidates as (

    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        1 as candidate_mark,
        evidence_keys,
        match_count,
        fired_microseconds,
        window_started_microseconds
    from {{ ref('int_triggers__counted') }}

    union all

    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        1 as candidate_mark,
        evidence_keys,
        match_count,
        fired_microseconds,
        window_started_microseconds
    from {{ ref('int_triggers__sequenced') }}

    union all

    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        1 as candidate_mark,
        {{ list_of('event_key') }} as evidence_keys,
        1 as match_count,
        fired_microseconds,
        window_started_microseconds
    from {{ ref('int_triggers__waited') }}

    union all

    -- no candidates, but what ends a firing of the rule early
    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        null as candidate_mark,
        null as evidence_keys,
        null as match_count,
        occurred_microseconds as fired_microseconds,
        null as window_started_microseconds
    from {{ ref('int_triggers__matched') }}
    where match_role = 'end'

),

reaching as (

    select
        candidates.*,
        rules.rule_id,
        greatest(rules.cooldown_microseconds - 1, 0) as reach_microseconds,
        rules.cooldown_microseconds,
        rules.expires_microseconds,
        greatest(rules.expires_microseconds - 1, 0) as active_microseconds
    from candidates
    inner join rules
        on candidates.rule_number = rules.rule_number

),

placed as (

    select
        *,
        count(candidate_mark) over so_far as number,
        -- a candidate that no cooldown from before can reach fires, whatever came before it
        coalesce(
            max(case when candidate_mark = 1 then fired_microseconds end) over earlier
            + cooldown_microseconds <= fired_microseconds,
            true
        ) as is_sure,
        -- what lies before the end of the cooldown is passed over; without a cooldown the next
        -- one may lie at the same instant, and is sure
        count(candidate_mark) over {{ range_window(
            chain, 'fired_microseconds', 'unbounded preceding', 'reach_microseconds following'
        ) }} + 1 as next_number,
        min(case when candidate_mark is null then fired_microseconds end)
            over {{ range_window(
                chain, 'fired_microseconds', '1 following', 'active_microseconds following'
            ) }} as ended_microseconds
    from reaching
    window
        so_far as (
            partition by {{ chain }}
            order by fired_microseconds, event_key
            rows between unbounded preceding and current row
        ),
        earlier as (
            partition by {{ chain }}
            order by fired_microseconds, event_key
            rows between unbounded preceding and 1 preceding
        )

),

numbered as (

    select * from placed
    where candidate_mark = 1

),

{{ greedy_walk() }},

touched as (

    select * from {{ ref('int_triggers__touched') }}

),

-- what was not touched is lost when the table is built anew, so everybody must have been
complete as (

    select
        count(*) as user_count,
        coalesce(max(case when touched.is_everybody then 1 else 0 end), 0) as is_everybody
    from {{ ref('int_identities__resolved') }} as identities
    left join touched
        on identities.user_key = touched.user_key

),

fired as (

    select
        numbered.rule_id,
        touched.user_id,
        touched.user_key,
        numbered.key_value,
        {{ id_from_key('numbered.event_key') }} as event_id,
        {{ event_ids_json('numbered.evidence_keys') }} as evidence_event_ids,
        case when not numbered.is_sure and walked.number is null then 'cooldown' end
            as suppressed_reason,
        numbered.match_count,
        touched.rules_hash,
        {{ timestamp_from_microseconds('numbered.fired_microseconds') }} as fired_at,
        {{ timestamp_from_microseconds('numbered.window_started_microseconds') }}
            as window_started_at,
        {{ timestamp_from_microseconds(
            'coalesce(numbered.ended_microseconds, '
            ~ 'numbered.fired_microseconds + numbered.expires_microseconds)'
        ) }} as expires_at,
        numbered.ended_microseconds is not null as is_ended_early,
        false as is_removed,
        touched.run_number
    from numbered
    inner join touched
        on numbered.user_key = touched.user_key
    left join walked
        on
            numbered.user_key = walked.user_key
            and numbered.chain_key = walked.chain_key
            and numbered.number = walked.number

),

{% if is_incremental() -%}
-- users who are touched, and ids that no identifier carries any more, lose what they had
gone as (

    select user_key from touched

    union

    select stored.user_key
    from {{ this }} as stored
    left join {{ ref('int_identities__resolved') }} as identities
        on stored.user_key = identities.user_key
    where identities.user_key is null

),

{% endif -%}
final as (

    select
        {{ surrogate_key(['rule_id', 'user_id', 'key_value', 'event_id']) }} as firing_id,
        *
    from fired

    {% if is_incremental() -%}
        union all

        select
            cast(null as varchar) as firing_id,
            cast(null as varchar) as rule_id,
            cast(null as varchar) as user_id,
            user_key,
            cast(null as varchar) as key_value,
            cast(null as varchar) as event_id,
            cast(null as varchar) as evidence_event_ids,
            cast(null as varchar) as suppressed_reason,
            cast(null as bigint) as match_count,
            cast(null as varchar) as rules_hash,
            cast(null as timestamp) as fired_at,
            cast(null as timestamp) as window_started_at,
            cast(null as timestamp) as expires_at,
            cast(null as boolean) as is_ended_early,
            true as is_removed,
            cast(null as bigint) as run_number
        from gone
    {%- endif %}

)

select * from final
{% if not is_incremental() -%}
    where (
        select
            case
                when complete.user_count > 0 and complete.is_everybody = 0
                    then {{ raise_error(
                        "'int_triggers__walked is built anew, but only ' || complete.user_count || ' users were "
                        ~ "read. Begin earlier: dbt build --full-refresh --select int_triggers__touched+'"
                    ) }} is null
                else true
            end
        from complete
    )
{%- endif %}
{{ in_order_of('fired_at') }}
