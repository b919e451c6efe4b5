with

cases as (

    -- 15 of 20, as scipy's binomtest(15, 20).proportion_ci(method='wilson') has it
    select
        15 as successes,
        20 as trials,
        0.531299 as low,
        0.888138 as high
    union all
    select
        0 as successes,
        10 as trials,
        0.0 as low,
        0.277533 as high
    union all
    select
        0 as successes,
        0 as trials,
        cast(null as double) as low,
        cast(null as double) as high

)

select * from cases
where
    round({{ wilson_bound('successes', 'trials', -1) }}, 6) is distinct from low
    or round({{ wilson_bound('successes', 'trials', 1) }}, 6) is distinct from high
