{{ config(
    materialized='incremental', full_refresh=false, incremental_strategy='append',
    on_schema_change='fail'
) }}

{#-
    Users of closed weeks are scored when they are read, and a bound reaches that far only as
    a constant: with a subquery in its place every week since the first would be scored again.
    Most runs end no week and have the model of the run before: these do not even name the
    scores, for it takes longer to plan them than to do all the rest.
-#}
{% set moments = ref('int_time__moments') %}
{% set models = ref('seg_models') %}
{% set marks = run_query(
    "select changed_at, model_version, "
    ~ "(select count(*) from " ~ moments ~ " as moments "
    ~ "where moments.period = 'week' and moments.as_of > marks.changed_at), "
    ~ "(select count(*) from " ~ models ~ " as models "
    ~ "where models.is_champion and models.model_version <> marks.model_version) "
    ~ "from " ~ this ~ " as marks where operation = 'scored' order by changed_at desc limit 1"
).rows if is_incremental() and execute else [] %}
{% set last_mark = marks[0] if marks else ['1900-01-01', none, 1, 1] %}
{#- while the model that scored last is the champion, no other model scores here -#}
{% set scored_by = "'" ~ last_mark[1] ~ "'" if marks else 'model_version' %}

with

week_ends as (

    {% if last_mark[2] > 0 -%}
        select
            user_id,
            segment_id,
            model_version,
            as_of
        from {{ ref('seg_users__scored') }}
        where
            period = 'week'
            and is_champion
            and as_of > cast('{{ last_mark[0] }}' as timestamp)
    {%- else -%}
        select
            user_id,
            segment_id,
            model_version,
            as_of
        from {{ ref('seg_users__assigned') }}
        where false
    {%- endif %}

),

assigned as (

    select * from {{ ref('seg_users__assigned') }}

),

users as (

    select * from {{ ref('int_users__known') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

remembered as (

    select * from {{ this if is_incremental() else ref('seg_segment_changes__empty') }}

),

numbered_marks as (

    select
        changed_at,
        model_version,
        row_number() over (order by changed_at desc) as recency
    from remembered
    where operation = 'scored'

),

-- one row, of nulls before the first run
last_run as (

    select
        max(changed_at) as scored_at,
        max(model_version) as model_version
    from numbered_marks
    where recency = 1

),

last_sequence as (

    select coalesce(max(change_number), 0) as change_number
    from remembered

),

numbered_memory as (

    select
        *,
        row_number() over (
            partition by user_id
            order by changed_at desc, change_number desc
        ) as recency
    from remembered
    where operation <> 'scored'

),

last_states as (

    select
        user_id,
        to_segment_id as segment_id,
        model_version
    from numbered_memory
    where recency = 1

),

-- week-ends since the last run, then the moment itself; the first run back-casts them all
moments as (

    select
        week_ends.user_id,
        -- who is too new now was so then, and is guessed by the same first session
        case when assigned.is_cold_start then assigned.segment_id else week_ends.segment_id end
            as segment_id,
        week_ends.model_version,
        week_ends.as_of
    from week_ends
    left join assigned
        on week_ends.user_id = assigned.user_id
    cross join clock
    cross join last_run
    where
        week_ends.as_of < clock.as_of
        and (last_run.scored_at is null or week_ends.as_of > last_run.scored_at)

    union all

    select
        user_id,
        segment_id,
        model_version,
        as_of
    from assigned

),

before_model as (

    {% if last_mark[3] > 0 -%}
        select
            user_id,
            segment_id,
            model_version
        from {{ ref('seg_users__scored') }}
        where
            period = 'current'
            and not is_champion
            and model_version = {{ scored_by }}
    {%- else -%}
        select
            user_id,
            segment_id,
            model_version
        from {{ ref('seg_users__assigned') }}
        where false
    {%- endif %}

),

sequenced as (

    select
        moments.*,
        lag(moments.segment_id) over user_moments as earlier_segment_id,
        row_number() over user_moments as moment_number
    from moments
    window user_moments as (
        partition by moments.user_id
        order by moments.as_of
    )

),

compared as (

    select
        sequenced.user_id,
        sequenced.segment_id as to_segment_id,
        sequenced.model_version,
        sequenced.as_of as changed_at,
        case
            when sequenced.moment_number = 1 then last_states.segment_id
            else sequenced.earlier_segment_id
        end as from_segment_id,
        case
            when sequenced.moment_number = 1 and last_states.segment_id is null
                then case
                    -- somebody we have seen before under another id
                    when users.first_seen_at <= last_run.scored_at then 'identity'
                    else 'behaviour'
                end
            when
                sequenced.moment_number = 1
                and last_states.model_version <> sequenced.model_version
                and (
                    before_model.segment_id = last_states.segment_id
                    -- a first session stays what it was
                    or coalesce(assigned.is_cold_start, false)
                )
                then 'model'
            else 'behaviour'
        end as change_cause
    from sequenced
    cross join last_run
    left join last_states
        on sequenced.user_id = last_states.user_id
    left join before_model
        on
            sequenced.user_id = before_model.user_id
            and last_run.model_version = before_model.model_version
    left join assigned
        on sequenced.user_id = assigned.user_id
    left join users
        on sequenced.user_id = users.user_id

),

entered_and_moved as (

    select
        user_id,
        case when from_segment_id is null then 'entered' else 'moved' end as operation,
        from_segment_id,
        to_segment_id,
        model_version,
        change_cause,
        changed_at
    from compared
    where
        from_segment_id is null
        or from_segment_id <> to_segment_id

),

-- an id that no user carries any more was joined to another, or erased
exited as (

    select
        last_states.user_id,
        'exited' as operation,
        last_states.segment_id as from_segment_id,
        cast(null as varchar) as to_segment_id,
        last_states.model_version,
        'identity' as change_cause,
        clock.as_of as changed_at
    from last_states
    cross join clock
    left join assigned
        on last_states.user_id = assigned.user_id
    where
        last_states.segment_id is not null
        and assigned.user_id is null

),

-- every run leaves its mark, so that the next one knows which week-ends are done
run_marks as (

    select
        cast(null as varchar) as user_id,
        'scored' as operation,
        cast(null as varchar) as from_segment_id,
        cast(null as varchar) as to_segment_id,
        max(assigned.model_version) as model_version,
        cast(null as varchar) as change_cause,
        clock.as_of as changed_at
    from clock
    cross join last_run
    left join assigned
        on clock.as_of = assigned.as_of
    where
        last_run.scored_at is null
        or clock.as_of > last_run.scored_at
    group by clock.as_of

),

changes as (

    select * from entered_and_moved
    union all
    select * from exited
    union all
    select * from run_marks

),

final as (

    select
        {{ surrogate_key([
            "changes.user_id", "changes.operation", "changes.from_segment_id", "changes.to_segment_id",
            epoch_microseconds("changes.changed_at"), "last_sequence.change_number",
        ]) }} as change_id,
        last_sequence.change_number + row_number() over (
            order by changes.changed_at, changes.user_id, changes.operation
        ) as change_number,
        changes.user_id,
        changes.operation,
        changes.from_segment_id,
        changes.to_segment_id,
        changes.model_version,
        changes.change_cause,
        changes.changed_at
    from changes
    cross join last_sequence

)

select * from final
