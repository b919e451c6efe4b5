{#-
    Stops the build, before any persona is matched, with each rule that is incomplete, impossible,
    circular or names what nobody knows, and what to do about it.
-#}
with

personas as (

    select * from {{ ref('personas') }}

),

trigger_rules as (

    select * from {{ ref('trigger_rules') }}

),

conditions as (

    select
        *,
        {{ dbt.split_part('subject', "':'", 1) }} as subject_kind,
        {{ dbt.split_part('subject', "':'", 2) }} as subject_name,
        coalesce(source = 'fallback', false) as is_fallback
    from {{ ref('persona_rules') }}

),

traits as (

    select feature from {{ ref('feature_catalog') }}
    where kind = 'numeric'

),

features as (

    -- the list is long only once it is rendered
    select subject_name as feature from conditions
    where subject_name in ('{{ persona_features() | join("', '") }}')  -- noqa: LT05

),

rules as (

    select
        rule_id,
        count(distinct persona_id) as persona_count,
        count(distinct source) as source_count,
        count(distinct coalesce(priority, -1)) as priority_count
    from conditions
    group by rule_id

),

{% set checks = [
    (
        "rule_id is null or persona_id is null or condition_number is null or description is null",
        "'has no rule_id, persona_id, condition_number or description'",
        "'fill all four'",
    ),
    (
        "coalesce(source in ('trigger', 'cluster', 'cold_start', 'fallback'), false) = false",
        "'has the source ' || coalesce(source, 'of nothing')",
        "'use trigger, cluster, cold_start or fallback'",
    ),
    (
        "persona_id not in (select personas.persona_id from personas)",
        "'gives the persona ' || persona_id || ', which there is not'",
        "'correct it, or add the persona to seeds/rules/personas.csv'",
    ),
    (
        "is_fallback and subject is not null",
        "'is a fallback with a condition'",
        "'empty subject, operator and threshold, or give it another source'",
    ),
    (
        "not is_fallback and (subject is null or operator is null or threshold is null)",
        "'has half a condition'",
        "'fill subject, operator and threshold'",
    ),
    (
        "operator not in ('=', '!=', '>', '>=', '<', '<=')",
        "'compares by ' || operator",
        "'use =, !=, >, >=, < or <='",
    ),
    (
        "subject_kind = 'persona'",
        "'is circular: it makes the persona ' || persona_id || ' hang on the persona '"
        " || subject_name",
        "'write the conditions of ' || subject_name || ' themselves into the rule'",
    ),
    (
        "subject_kind not in ('trait', 'feature', 'trigger', 'persona')",
        "'looks at ' || subject || ', which is nothing'",
        "'use trait:<feature>, feature:<feature> or trigger:<rule_id>'",
    ),
    (
        "subject_kind = 'trait' and subject_name not in (select traits.feature from traits)",
        "'looks at the trait ' || subject_name || ', which nobody knows'",
        "'use a numeric feature of seeds/rules/feature_catalog.csv'",
    ),
    (
        "subject_kind = 'feature'"
        "\n            and subject_name not in (select features.feature from features)",
        "'looks at the feature ' || subject_name || ', which nobody knows'",
        "'use one of macros/persona_features.sql'",
    ),
    (
        "subject_kind = 'trigger'"
        "\n            and subject_name not in (select trigger_rules.rule_id from trigger_rules)",
        "'looks at the trigger ' || subject_name || ', which there is not'",
        "'use a rule_id of seeds/rules/trigger_rules.csv'",
    ),
    (
        "(subject_kind = 'trigger' or subject_name = 'is_cold_start')"
        "\n            and (operator <> '=' or threshold not in (0, 1))",
        "'asks ' || subject || ' ' || operator || ' ' || threshold || ', which is only yes or no'",
        "'write = and 1 for yes, 0 for no'",
    ),
    (
        "subject_kind = 'feature'"
        "\n            and (subject_name like '%\\_share\\_%' escape '\\')"
        "\n            and (threshold > 1 or (threshold = 1 and operator = '>')"
        "\n            or threshold < 0 or (threshold = 0 and operator = '<'))",
        "'asks ' || subject || ' ' || operator || ' ' || threshold || ', and a share lies in 0 to 1'",
        "'write the share as a fraction, such as 0.3 for 30 %'",
    ),
    (
        "subject_kind = 'feature' and operator in ('<', '<=', '=')"
        "\n            and (threshold < 0 or (threshold = 0 and operator = '<'))"
        "\n            and subject_name not like 'revenue%' and subject_name not like 'average%'",
        "'asks ' || subject || ' ' || operator || ' ' || threshold || ', and nobody is below 0'",
        "'write a threshold that a user can have'",
    ),
] -%}
problems as (

    {% for condition, problem, remedy in checks -%}
        select
            coalesce(rule_id, '(no rule_id)') as rule_id,
            {{ problem }} as problem,
            {{ remedy }} as remedy
        from conditions
        where {{ condition }}

        union all

    {% endfor -%}
    select
        rule_id,
        'has conditions that name several personas, sources or priorities' as problem,
        'give all conditions of a rule the same' as remedy
    from rules
    where greatest(persona_count, source_count, priority_count) > 1

    union all

    select
        rule_id,
        'has the condition ' || condition_number || ' ' || count(*) || ' times' as problem,
        'number the conditions of a rule 1, 2, 3' as remedy
    from conditions
    group by rule_id, condition_number
    having count(*) > 1

    union all

    select
        'with the source fallback' as rule_id,
        'stands ' || count(distinct case when is_fallback then rule_id end) || ' times' as problem,
        'keep exactly one, for everybody else' as remedy
    from conditions
    having count(distinct case when is_fallback then rule_id end) <> 1

    union all

    -- they would be shown one thing and reported as another
    select
        conditions.rule_id,
        'makes users ' || conditions.persona_id || ' while ' || conditions.subject
        || ' calls for the content of ' || coalesce(trigger_rules.persona_id, 'nobody') as problem,
        'give the trigger in seeds/rules/trigger_rules.csv the same persona_id' as remedy
    from conditions
    inner join trigger_rules
        on conditions.subject = 'trigger:' || trigger_rules.rule_id
    where
        conditions.source = 'trigger'
        and conditions.threshold = 1
        and coalesce(trigger_rules.persona_id, '') <> conditions.persona_id

    union all

    select
        'of the trigger ' || trigger_rules.rule_id as rule_id,
        'calls for the content of ' || trigger_rules.persona_id || ', a persona there is not'
            as problem,
        'correct persona_id in seeds/rules/trigger_rules.csv' as remedy
    from trigger_rules
    left join personas
        on trigger_rules.persona_id = personas.persona_id
    where
        trigger_rules.persona_id is not null
        and personas.persona_id is null

    union all

    select
        'of the persona ' || coalesce(persona_id, '(no persona_id)') as rule_id,
        'stands ' || count(*) || ' times, or has no priority, name, owner or kpi' as problem,
        'correct its row in seeds/rules/personas.csv' as remedy
    from personas
    group by persona_id
    having
        count(*) > 1
        or count(case when least(persona_name, owner, kpi, description) is null then 1 end) > 0
        or count(priority) + count(persona_id) < 2

),

told as (

    select
        {{ ordered_text(
            "'seeds/rules/persona_rules.csv, rule ' || rule_id || ': it ' || problem || '. '"
            ~ "\n            || upper(left(remedy, 1)) || substr(remedy, 2) || '.'",
            '\nrule_id, problem', ' '
        ) }} as message
    from problems

)

select {{ raise_error('message') }} as problem
from told
where message is not null
