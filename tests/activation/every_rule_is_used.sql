{{ config(
    severity='warn',
    tags=['weekly'],
    meta={
        'owner': 'marketing',
        'advice': 'select * from marts.fct_rule_usage: loosen the rule, move it up, or take it out.',
    },
) }}

select
    rule_kind,
    rule_id,
    status,
    shadowed_by
from {{ ref('fct_rule_usage') }}
where status <> 'used'
