{#-
    Fails for each persona rule whose conditions disagree on what the rule gives, that has
    a half-written condition, or that is a fallback with conditions; and when there is not
    exactly one fallback.
-#}
with

conditions as (

    select * from {{ ref('persona_rules') }}

),

rules as (

    select
        rule_id,
        count(distinct persona_id) as persona_count,
        count(distinct source) as source_count,
        count(distinct coalesce(priority, -1)) as priority_count,
        count(*) as condition_count,
        count(subject) as subject_count,
        count(operator) as operator_count,
        count(threshold) as threshold_count,
        max(case when source = 'fallback' then 1 else 0 end) as is_fallback
    from conditions
    group by rule_id

),

fallbacks as (

    select sum(is_fallback) as fallback_count from rules

),

problems as (

    select
        rule_id,
        case
            when persona_count > 1 then 'conditions name several personas'
            when source_count > 1 then 'conditions name several sources'
            when priority_count > 1 then 'conditions name several priorities'
            when is_fallback = 1 and subject_count > 0
                then 'a fallback has no conditions'
            when
                is_fallback = 0
                and least(subject_count, operator_count, threshold_count) < condition_count
                then 'a condition needs subject, operator and threshold'
        end as problem
    from rules

    union all

    select
        'all rules' as rule_id,
        'there must be exactly one fallback' as problem
    from fallbacks
    where coalesce(fallback_count, 0) <> 1

)

select * from problems
where problem is not null
