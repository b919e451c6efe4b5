{{ config(severity='warn') }}
-- Without a rate the money of an order is in no sum over users. Add the currency to
-- seeds/lookups/currency_rates.csv.
select
    currency,
    count(*) as order_count,
    sum(revenue) as revenue
from {{ ref('fct_orders') }}
where reporting_revenue is null
group by currency
