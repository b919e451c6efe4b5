-- The seed and the macro feature_windows hold the same days.
select window_days
from {{ ref('feature_windows') }}
where window_days not in ({{ feature_windows() | join(', ') }})
