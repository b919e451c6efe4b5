{{ config(materialized='view') }}
{#- an event of two steps does not follow itself -#}
{% set earlier %}
    partition by user_key, chain_key
    order by occurred_microseconds, event_key, step desc
    rows between unbounded preceding and 1 preceding
{% endset %}

with

rules as (

    select
        rule_number,
        step_count,
        within_microseconds
    from {{ ref('int_triggers__ruled') }}
    where kind = 'sequence'

),

matched as (

    select
        matches.rule_number,
        matches.user_key,
        matches.chain_key,
        matches.key_value,
        matches.event_key,
        matches.occurred_microseconds,
        case matches.match_role
            when 'step_1' then 1
            when 'step_2' then 2
            when 'step_3' then 3
            else 4
        end as step,
        rules.step_count,
        rules.within_microseconds
    from {{ ref('int_triggers__matched') }} as matches
    inner join rules
        on matches.rule_number = rules.rule_number
    where matches.match_role in ('step_1', 'step_2', 'step_3', 'step_4')

),

-- who never does the last step is out before the costly part
complete as (

    -- one user and key may do it often
    select distinct
        user_key,
        chain_key
    from matched
    where step = step_count

),

-- each event of the first step begins a chain of its own
reached_1 as (

    select
        matched.*,
        case when matched.step = 1 then matched.occurred_microseconds end
            as started_microseconds,
        case when matched.step = 1 then {{ list_of('matched.event_key') }} end as evidence_keys
    from matched
    inner join complete
        on
            matched.user_key = complete.user_key
            and matched.chain_key = complete.chain_key

),

{% for step in [2, 3, 4] -%}
    -- and one of step {{ step }} follows the newest that came as far as step {{ step - 1 }}. The newest
    -- began last too, so no other could lie within the hours if it does not
    reached_{{ step }} as (

        select
            rule_number,
            user_key,
            chain_key,
            key_value,
            event_key,
            occurred_microseconds,
            step,
            step_count,
            within_microseconds,
            case
                when step = {{ step }} then {{ last_known(
                    'case when step = ' ~ (step - 1) ~ ' then started_microseconds end', earlier
                ) }}
                else started_microseconds
            end as started_microseconds,
            case
                when
                    step = {{ step }}
                    and {{ last_known(
                        'case when step = ' ~ (step - 1) ~ ' then started_microseconds end', earlier
                    ) }} is not null
                    then {{ list_with(
                        last_known(
                            'case when step = ' ~ (step - 1) ~ ' then evidence_keys end', earlier
                        ),
                        'event_key'
                    ) }}
                when step <> {{ step }} then evidence_keys
            end as evidence_keys
        from reached_{{ step - 1 }}

    ),

{% endfor -%}
final as (

    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        evidence_keys,
        step_count as match_count,
        occurred_microseconds as fired_microseconds,
        started_microseconds as window_started_microseconds
    from reached_4
    where
        step = step_count
        and started_microseconds >= occurred_microseconds - within_microseconds

)

select * from final
