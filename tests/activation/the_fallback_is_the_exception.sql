{{ config(
    severity='warn',
    meta={
        'owner': 'marketing',
        'largest_share': 0.5,
        'advice': 'Most users fit no persona: look at dim_segments.top_traits and add a rule.',
    },
) }}

with

user_personas as (

    select * from {{ ref('fct_user_personas') }}

),

summed as (

    select
        count(*) as user_count,
        sum(case when source = 'fallback' then 1 else 0 end) as fallback_count
    from user_personas

)

select
    user_count,
    fallback_count
from summed
where fallback_count > {{ config.require('meta')['largest_share'] }} * user_count
