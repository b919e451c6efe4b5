with

rates as (

    select * from {{ ref('currency_rates') }}
    where to_currency = '{{ var("reporting_currency") }}'

),

given as (

    select
        from_currency,
        rate,
        cast(valid_from as timestamp) as valid_from
    from rates
    where from_currency <> to_currency

    union all

    -- money that is in the reporting currency already needs no rate
    select
        '{{ var("reporting_currency") }}' as from_currency,
        1 as rate,
        cast('1900-01-01' as timestamp) as valid_from

),

final as (

    select
        from_currency,
        cast(rate as decimal(18, 8)) as rate,
        valid_from,
        lead(valid_from) over (
            partition by from_currency
            order by valid_from
        ) as valid_to
    from given

)

select * from final
