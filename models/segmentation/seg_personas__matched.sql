with

clock as (

    select * from {{ ref('int_time__resolved') }}

),

users as (

    select * from {{ ref('seg_users__assigned') }}

),

features as (

    select * from {{ ref('int_users__current') }}

),

traits as (

    select * from {{ ref('seg_segment_traits') }}

),

firings as (

    select * from {{ ref('int_triggers__walked') }}

),

personas as (

    select * from {{ ref('personas') }}

),

rules as (

    select
        *,
        {{ dbt.split_part('subject', "':'", 1) }} as subject_kind,
        {{ dbt.split_part('subject', "':'", 2) }} as subject_name
    from {{ ref('persona_rules') }}

),

{{ persona_matches() }},

final as (

    select
        user_id,
        rule_id,
        persona_id,
        source,
        priority,
        score,
        match_rank,
        segment_id,
        as_of
    from matches

)

select * from final
