with

cases as (

    select
        'current' as period,
        cast('2026-01-02 10:00:00' as timestamp) as edge_at,
        cast('2026-01-02' as date) as expected
    union all
    -- midnight ends the day before, which is a piece as well
    select
        'current' as period,
        cast('2026-01-02 00:00:00' as timestamp) as edge_at,
        cast('2026-01-01' as date) as expected
    union all
    select
        'week' as period,
        cast('2026-01-05 00:00:00' as timestamp) as edge_at,
        cast('2026-01-05' as date) as expected

),

final as (

    select
        period,
        edge_at,
        expected,
        {{ first_day_after_edge('period', 'edge_at') }} as actual
    from cases

)

select * from final
where actual is distinct from expected
