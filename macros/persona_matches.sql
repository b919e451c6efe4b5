{#-
    CTEs for a model that asks which rules of `persona_rules` hold for whom; the last one,
    `matches`, has a row per user and rule of which all conditions hold, ranked. The model has
    brought the CTEs `clock`, `users` (segment, `method`, `confidence`), `features`, `traits` of
    segments, `firings`, `personas` and `rules` with `subject_kind` and `subject_name`. `by_model`:
    a user stands in `users` once for each of several models, and `users`, `features` and `traits`
    say of which in `model_version`.
-#}
{% macro persona_matches(by_model=false) -%}
    {%- set key = ['user_id', 'model_version'] if by_model else ['user_id'] -%}
    active_triggers as (

        -- one product and another may both have fired the rule for a user
        select distinct
            firings.rule_id,
            firings.user_id
        from firings
        cross join clock
        where
            firings.suppressed_reason is null
            and firings.fired_at <= clock.as_of
            and firings.expires_at > clock.as_of

    ),

    counted_rules as (

        select
            rules.rule_id,
            rules.persona_id,
            rules.source,
            min(coalesce(rules.priority, personas.priority)) as priority,
            count(*) as condition_count,
            case rules.source
                when 'trigger' then 1
                when 'cluster' then 2
                when 'cold_start' then 3
                else 4
            end as source_order
        from rules
        inner join personas
            on rules.persona_id = personas.persona_id
        group by rules.rule_id, rules.persona_id, rules.source

    ),

    -- which of two rules comes first is the same for everybody, and said once
    ranked_rules as (

        select
            *,
            row_number() over (
                order by
                    -- a fallback comes last whatever its priority
                    case when source = 'fallback' then 1 else 0 end asc,
                    priority asc,
                    source_order asc,
                    persona_id asc,
                    rule_id asc
            ) as rule_place
        from counted_rules

    ),

    -- what a segment is like says nothing about a user whose segment is a guess
    segment_conditions as (

        select
            {{ 'users.' ~ key | join(', users.') }},
            rules.rule_id,
            rules.condition_number
        from users
        inner join traits
            on
                users.segment_id = traits.segment_id
                {% if by_model -%}
                    and users.model_version = traits.model_version
                {%- endif %}
        inner join rules
            on
                traits.feature = rules.subject_name
                and rules.subject_kind = 'trait'
        where
            users.method = 'cluster'
            and {{ compares('traits.z_score', 'rules.operator', 'rules.threshold') }}

    ),

    feature_values as (

        select
            {{ 'features.' ~ key | join(', features.') }},
            rules.rule_id,
            rules.condition_number,
            rules.operator,
            rules.threshold,
            case rules.subject_name
                {% for feature in persona_features() -%}
                    when '{{ feature }}' then cast(features.{{ feature }} as double)
                {% endfor -%}
            end as subject_value
        from features
        inner join rules
            on rules.subject_kind = 'feature'

    ),

    feature_conditions as (

        select
            {{ key | join(', ') }},
            rule_id,
            condition_number
        from feature_values
        where {{ compares('subject_value', 'operator', 'threshold') }}

    ),

    trigger_conditions as (

        select
            {{ 'users.' ~ key | join(', users.') }},
            rules.rule_id,
            rules.condition_number
        from users
        inner join rules
            on rules.subject_kind = 'trigger'
        left join active_triggers
            on
                users.user_id = active_triggers.user_id
                and rules.subject_name = active_triggers.rule_id
        where {{ compares(
            'case when active_triggers.user_id is null then 0 else 1 end',
            'rules.operator',
            'rules.threshold'
        ) }}

    ),

    no_conditions as (

        select
            {{ 'users.' ~ key | join(', users.') }},
            rules.rule_id,
            rules.condition_number
        from users
        inner join rules
            on
                rules.subject is null
                and rules.source = 'fallback'

    ),

    conditions as (

        select * from segment_conditions
        union all
        select * from feature_conditions
        union all
        select * from trigger_conditions
        union all
        select * from no_conditions

    ),

    held as (

        select
            {{ key | join(', ') }},
            rule_id,
            count(*) as held_count
        from conditions
        group by {{ key | join(', ') }}, rule_id

    ),

    matches as (

        select
            {{ 'held.' ~ key | join(', held.') }},
            held.rule_id,
            ranked_rules.persona_id,
            ranked_rules.source,
            ranked_rules.priority,
            case ranked_rules.source
                when 'cluster' then users.confidence
                when 'fallback' then 0
                else 1
            end as score,
            row_number() over (
                partition by {{ 'held.' ~ key | join(', held.') }}
                order by ranked_rules.rule_place
            ) as match_rank,
            users.segment_id,
            users.as_of
        from held
        inner join ranked_rules
            on
                held.rule_id = ranked_rules.rule_id
                and held.held_count = ranked_rules.condition_count
        inner join users
            on
                held.user_id = users.user_id
                {% if by_model -%}
                    and held.model_version = users.model_version
                {%- endif %}

    )
{%- endmacro %}
