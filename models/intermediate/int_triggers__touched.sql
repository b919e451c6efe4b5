{% set walked = last_state('int_triggers__walked') %}
{% set rule_columns = [
    'rule_id', 'kind', 'event_name', 'filter_column', 'filter_operator', 'filter_value',
    'key_kind', 'match_count', 'sum_column', 'at_least', 'within_hours', 'then_event',
    'then_not_event', 'wait_from', 'after_hours', 'ends_with_event', 'cooldown_hours',
    'expires_hours',
] %}

with

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

rule_hashes as (

    select {{ surrogate_key(rule_columns) }} as rule_hash
    from {{ ref('trigger_rules') }}

    union all

    select {{ surrogate_key(['rule_id', 'property_name', 'operator', 'value']) }} as rule_hash
    from {{ ref('trigger_conditions') }}

),

rules as (

    select md5(coalesce({{ ordered_text('rule_hash', 'rule_hash', '') }}, '')) as rules_hash
    from rule_hashes

),

walked as (

    {% if walked -%}
        select
            coalesce(max(run_number), 0) as run_number,
            max(rules_hash) as rules_hash
        from {{ walked }}
    {%- else -%}
        select
            0 as run_number,
            cast(null as varchar) as rules_hash
    {%- endif %}

),

progress as (

    select
        rules.rules_hash,
        -- other rules: everybody's history is read by them
        case when walked.rules_hash = rules.rules_hash then walked.run_number else -1 end
            as read_until
    from walked
    cross join rules

),

final as (

    select
        identities.user_key,
        min(identities.user_id) as user_id,
        min(progress.rules_hash) as rules_hash,
        {{ 'false' if walked else 'true' }} as is_everybody,
        max(identities.run_number) as run_number
    from identities
    inner join progress
        on identities.run_number > progress.read_until
    group by identities.user_key

)

select * from final
