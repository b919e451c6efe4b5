{{ config(materialized='view') }}

-- what the change memory looks like before its first run
select
    cast(null as varchar) as change_id,
    cast(null as bigint) as change_number,
    cast(null as varchar) as user_id,
    cast(null as varchar) as operation,
    cast(null as varchar) as from_segment_id,
    cast(null as varchar) as to_segment_id,
    cast(null as varchar) as model_version,
    cast(null as varchar) as change_cause,
    cast(null as timestamp) as changed_at
where 1 = 0
