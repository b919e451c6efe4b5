{{ config(materialized='view') }}
{% set chain = 'user_key, chain_key' %}

with

rules as (

    select
        rule_number,
        kind,
        needed_count,
        needed_amount,
        within_microseconds,
        within_microseconds + 1 as beyond_microseconds
    from {{ ref('int_triggers__ruled') }}
    where kind in ('count', 'sum', 'nth')

),

rates as (

    select * from {{ ref('int_currency_rates__dated') }}

),

valued as (

    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        occurred_microseconds,
        amount
    from {{ ref('int_triggers__matched') }}
    where
        match_role = 'match'
        and currency is null

    union all

    -- money without a rate is no match
    select
        matches.rule_number,
        matches.user_key,
        matches.chain_key,
        matches.key_value,
        matches.event_key,
        matches.occurred_microseconds,
        cast(matches.amount * rates.rate as decimal(18, 4)) as amount
    from {{ ref('int_triggers__matched') }} as matches
    inner join rates
        on
            matches.currency = rates.from_currency
            and {{ timestamp_from_microseconds('matches.occurred_microseconds') }}
            >= rates.valid_from
            and (
                rates.valid_to is null
                or {{ timestamp_from_microseconds('matches.occurred_microseconds') }}
                < rates.valid_to
            )

),

matched as (

    select
        valued.*,
        rules.kind,
        rules.needed_count,
        rules.needed_amount,
        rules.within_microseconds,
        rules.beyond_microseconds
    from valued
    inner join rules
        on valued.rule_number = rules.rule_number

),

-- who never has enough matches in all is out before the costly part
enough as (

    select
        user_key,
        chain_key
    from matched
    group by user_key, chain_key
    having count(*) >= min(needed_count)

),

matches as (

    select matched.*
    from matched
    inner join enough
        on
            matched.user_key = enough.user_key
            and matched.chain_key = enough.chain_key

),

windows as (

    select
        rule_number,
        kind,
        user_key,
        chain_key,
        key_value,
        event_key,
        needed_count,
        needed_amount,
        occurred_microseconds,
        -- an event sees itself and the matches before it, ties by event id
        row_number() over timeline as match_number,
        -- what lies before the window opens; both ends of the window are in it
        count(*) over {{ range_window(
            chain, 'occurred_microseconds', 'unbounded preceding',
            'beyond_microseconds preceding'
        ) }} as earlier_count,
        min(occurred_microseconds) over {{ range_window(
            chain, 'occurred_microseconds', 'within_microseconds preceding', 'current row'
        ) }} as window_started_microseconds,
        first_value(occurred_microseconds) over timeline as first_microseconds,
        sum(amount) over so_far as total_amount,
        sum(amount) over {{ range_window(
            chain, 'occurred_microseconds', 'unbounded preceding',
            'beyond_microseconds preceding'
        ) }} as earlier_amount,
        {{ window_list(
            'event_key',
            'partition by ' ~ chain ~ ' order by occurred_microseconds, event_key '
            ~ 'rows between 19 preceding and current row'
        ) }} as newest_keys
    from matches
    window
        timeline as (
            partition by {{ chain }}
            order by occurred_microseconds, event_key
        ),
        so_far as (
            partition by {{ chain }}
            order by occurred_microseconds, event_key
            rows between unbounded preceding and current row
        )

),

counted as (

    select
        *,
        case when kind = 'nth' then match_number else match_number - earlier_count end
            as match_count
    from windows

),

final as (

    select
        rule_number,
        user_key,
        chain_key,
        key_value,
        event_key,
        case kind
            when 'count' then {{ last_of_list('newest_keys', 'needed_count') }}
            when 'sum' then {{ last_of_list('newest_keys', 'match_count') }}
            else {{ last_of_list('newest_keys', '1') }}
        end as evidence_keys,
        match_count,
        occurred_microseconds as fired_microseconds,
        case when kind = 'nth' then first_microseconds else window_started_microseconds end
            as window_started_microseconds
    from counted
    where
        case kind
            when 'nth' then match_number = needed_count
            when 'sum' then total_amount - coalesce(earlier_amount, 0) >= needed_amount
            else match_count >= needed_count
        end

)

select * from final
