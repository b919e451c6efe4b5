{#-
    Warns of every day and source of the last week of landing on which more than a twentieth of
    the events came later than `late_after_hours`. They are taken in whole all the same.
-#}
{{ config(severity='warn') }}

with

health as (

    select * from {{ ref('fct_source_health') }}

),

newest as (

    select max(day) as day from health

)

select
    health.day,
    health.source,
    health.late_count,
    health.kept_count
from health
cross join newest
where
    health.day > {{ days_before('newest.day', 7) }}
    and health.late_count > 0.05 * health.kept_count
