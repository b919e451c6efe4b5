-- 2026-01-05 is a Monday
with

cases as (

    select
        unnest([
            timestamp '2026-01-05 00:00:00',
            timestamp '2026-01-04 23:59:59',
            timestamp '2026-01-06 00:00:00'
        ]) as first_at,
        unnest([
            timestamp '2026-01-19 00:00:00',
            timestamp '2026-01-11 23:59:59',
            timestamp '2026-01-11 23:59:59'
        ]) as last_at,
        unnest(['2026-01-12,2026-01-19', '2026-01-05', null]) as expected

),

unfolded as (

    select
        first_at,
        {{ week_ends('first_at', 'last_at') }} as week_end
    from cases

),

joined as (

    select
        first_at,
        string_agg(cast(cast(week_end as date) as varchar), ',' order by week_end) as actual
    from unfolded
    group by first_at

)

select
    cases.first_at,
    cases.expected,
    joined.actual
from cases
left join joined
    on cases.first_at = joined.first_at
where joined.actual is distinct from cases.expected
