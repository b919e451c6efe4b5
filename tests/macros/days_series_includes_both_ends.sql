with

cases as (

    select
        timestamp '2025-12-31 23:59:59' as first_at,
        timestamp '2026-01-02 00:00:00' as last_at

),

unfolded as (

    select cast({{ days_series('first_at', 'last_at') }} as date) as day
    from cases

),

final as (

    select string_agg(cast(day as varchar), ',' order by day) as actual
    from unfolded

)

select * from final
where actual is distinct from '2025-12-31,2026-01-01,2026-01-02'
