{#-
    Fails for each rule that names an event, trigger or feature nobody knows: it would
    never hold, and nobody would notice. An event of your own belongs into `event_names`.
-#}
with

events as (

    -- several sources share an event
    select distinct event_name from {{ ref('event_names') }}

),

features as (

    select feature from {{ ref('feature_catalog') }}
    where kind = 'numeric'

),

trigger_rules as (

    select * from {{ ref('trigger_rules') }}

),

persona_rules as (

    select
        *,
        {{ dbt.split_part('subject', "':'", 1) }} as subject_kind,
        {{ dbt.split_part('subject', "':'", 2) }} as subject_name
    from {{ ref('persona_rules') }}

),

named as (

    select
        rule_id,
        'event' as kind,
        event_name as thing
    from trigger_rules

    union all

    select
        rule_id,
        'event' as kind,
        then_not_event as thing
    from trigger_rules
    where then_not_event is not null

    union all

    select
        rule_id,
        subject_kind as kind,
        subject_name as thing
    from persona_rules
    where subject is not null

),

known as (

    select
        'event' as kind,
        event_name as thing
    from events

    union all

    select
        'trait' as kind,
        feature as thing
    from features

    union distinct

    select
        'feature' as kind,
        subject_name as thing
    from persona_rules
    -- the list is long only once it is rendered
    where subject_name in ('{{ persona_features() | join("', '") }}')  -- noqa: LT05

    union all

    select
        'trigger' as kind,
        rule_id as thing
    from trigger_rules

)

select
    named.rule_id,
    named.kind,
    named.thing
from named
left join known
    on
        named.kind = known.kind
        and named.thing = known.thing
where known.thing is null
