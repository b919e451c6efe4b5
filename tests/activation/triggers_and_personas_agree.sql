{#-
    Fails for each trigger that calls for the content of one persona while a persona rule
    makes the same users another: they would be shown one thing and reported as another.
-#}
with

trigger_rules as (

    select * from {{ ref('trigger_rules') }}

),

persona_rules as (

    select * from {{ ref('persona_rules') }}
    where
        source = 'trigger'
        and operator = '='
        and threshold = 1

)

select
    trigger_rules.rule_id,
    trigger_rules.persona_id as trigger_persona_id,
    persona_rules.persona_id
from trigger_rules
inner join persona_rules
    on persona_rules.subject = 'trigger:' || trigger_rules.rule_id
where coalesce(trigger_rules.persona_id, '') <> persona_rules.persona_id
