{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='user_id',
    on_schema_change='fail'
) }}
{% set chain = 'candidates.rule_id, candidates.user_key, candidates.key_value' %}

with recursive

rules as (

    select
        rule_id,
        {{ hours_in_microseconds('cooldown_hours') }} as cooldown_microseconds,
        greatest({{ hours_in_microseconds('cooldown_hours') }} - 1, 0) as reach_microseconds,
        {{ hours_in_microseconds('expires_hours') }} as expires_microseconds
    from {{ ref('trigger_rules') }}

),

numbered as (

    select
        candidates.rule_id,
        candidates.user_key,
        candidates.key_value,
        candidates.event_id,
        candidates.evidence_event_ids,
        candidates.match_count,
        candidates.fired_microseconds,
        candidates.window_started_microseconds,
        rules.expires_microseconds,
        row_number() over timeline as candidate_number,
        -- a candidate that no cooldown from before can reach fires, whatever came before it
        coalesce(
            lag(candidates.fired_microseconds) over timeline + rules.cooldown_microseconds
            <= candidates.fired_microseconds,
            true
        ) as is_sure,
        -- what lies before the end of the cooldown is passed over; without a cooldown the next
        -- one may lie at the same instant, and is sure
        count(*) over {{ range_window(
            chain, 'fired_microseconds', 'unbounded preceding', 'rules.reach_microseconds following'
        ) }} + 1 as next_number
    from {{ ref('int_triggers__candidates') }} as candidates
    inner join rules
        on candidates.rule_id = rules.rule_id
    window timeline as (
        partition by {{ chain }}
        order by candidates.fired_microseconds, candidates.event_key
    )

),

doubtful as (

    select
        rule_id,
        user_key,
        key_value,
        candidate_number,
        next_number
    from numbered
    where not is_sure

),

-- only from a sure firing into the doubtful ones after it is there a chain to follow. It only
-- leads forward in time, so what may fire in the future changes nothing before it
fired as (

    select
        rule_id,
        user_key,
        key_value,
        candidate_number,
        next_number,
        is_sure
    from numbered
    where is_sure

    union all

    select
        doubtful.rule_id,
        doubtful.user_key,
        doubtful.key_value,
        doubtful.candidate_number,
        doubtful.next_number,
        false as is_sure
    from fired
    inner join doubtful
        on
            fired.rule_id = doubtful.rule_id
            and fired.user_key = doubtful.user_key
            and fired.key_value = doubtful.key_value
            and fired.next_number = doubtful.candidate_number

),

reached as (

    select
        rule_id,
        user_key,
        key_value,
        candidate_number
    from fired
    where not is_sure

),

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

walked as (

    select
        {{ surrogate_key([
            'numbered.rule_id', 'touched.user_id', 'numbered.key_value', 'numbered.event_id'
        ]) }} as firing_id,
        numbered.rule_id,
        touched.user_id,
        numbered.key_value,
        numbered.event_id,
        numbered.evidence_event_ids,
        case when not numbered.is_sure and reached.candidate_number is null then 'cooldown' end
            as suppressed_reason,
        numbered.match_count,
        numbered.candidate_number,
        touched.rules_hash,
        {{ timestamp_from_microseconds('numbered.fired_microseconds') }} as fired_at,
        {{ timestamp_from_microseconds('numbered.window_started_microseconds') }}
            as window_started_at,
        {{ timestamp_from_microseconds(
            'numbered.fired_microseconds + numbered.expires_microseconds'
        ) }} as expires_at,
        false as is_removed,
        touched.run_number
    from numbered
    inner join touched
        on numbered.user_key = touched.user_key
    left join reached
        on
            numbered.rule_id = reached.rule_id
            and numbered.user_key = reached.user_key
            and numbered.key_value = reached.key_value
            and numbered.candidate_number = reached.candidate_number

),

{% if is_incremental() -%}
-- users who are touched, and ids that no identifier carries any more, lose what they had
gone as (

    select touched.user_id from touched

    union

    select stored.user_id
    from {{ this }} as stored
    left join {{ ref('int_identities__resolved') }} as identities
        on stored.user_id = identities.user_id
    where identities.user_id is null

),

{% endif -%}
final as (

    select * from walked

    {% if is_incremental() -%}
        union all

        select
            cast(null as varchar) as firing_id,
            cast(null as varchar) as rule_id,
            user_id,
            cast(null as varchar) as key_value,
            cast(null as varchar) as event_id,
            cast(null as varchar) as evidence_event_ids,
            cast(null as varchar) as suppressed_reason,
            cast(null as bigint) as match_count,
            cast(null as bigint) as candidate_number,
            cast(null as varchar) as rules_hash,
            cast(null as timestamp) as fired_at,
            cast(null as timestamp) as window_started_at,
            cast(null as timestamp) as expires_at,
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
