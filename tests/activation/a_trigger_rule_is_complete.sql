{#- Fails for each rule that lacks a setting its kind needs, or holds an impossible one. -#}
with

rules as (

    select * from {{ ref('trigger_rules') }}

),

checked as (

    select
        rule_id,
        case
            when
                kind = 'count'
                and (match_count is null or match_count < 1)
                then 'a count rule needs a match_count of at least 1'
            when
                kind = 'count'
                and (within_hours is null or within_hours < 0)
                then 'a count rule needs within_hours'
            when
                kind = 'count'
                and coalesce(then_not_event, wait_from, cast(after_hours as varchar)) is not null
                then 'a count rule waits for nothing'
            when kind = 'absence' and then_not_event is null
                then 'an absence rule needs then_not_event'
            when kind = 'absence' and wait_from is null
                then 'an absence rule needs wait_from'
            when
                kind = 'absence'
                and (after_hours is null or after_hours <= 0)
                then 'an absence rule needs after_hours'
            when
                kind = 'absence'
                and coalesce(match_count, within_hours) is not null
                then 'an absence rule counts nothing'
            when cooldown_hours < 0 or expires_hours < 0
                then 'cooldown and expiry cannot be negative'
            when
                filter_column is not null
                and (filter_operator is null or filter_value is null)
                then 'a filter needs operator and value'
            when
                filter_column is null
                and coalesce(filter_operator, filter_value) is not null
                then 'a filter needs a column'
            when
                filter_column in ('revenue', 'quantity', 'price')
                and {{ number_from_text('filter_value') }} is null
                then 'a filter on a number needs a number'
        end as problem
    from rules

)

select * from checked
where problem is not null
