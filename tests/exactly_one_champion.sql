-- One model names segments at any time.
select count(*) as champion_count
from {{ ref('fct_segment_models') }}
where status = 'champion'
having count(*) <> 1
