{{ config(severity='warn', warn_if='>50', tags=['weekly']) }}
-- A name that does not stand in seeds/lookups/event_names.csv weighs nothing. A few are
-- normal, more than fifty mean that a source speaks another language.
select
    source,
    event_name,
    count(*) as event_count
from {{ ref('fct_events') }}
where is_unmapped
group by source, event_name
