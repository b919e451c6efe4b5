-- Online Retail: every line of every invoice of a gift shop. `given` is the user's file.
-- The whole set is one delivery, so lines that repeat inside an invoice are lines of their own.
-- History is a replay: a record arrived when it happened.
create temp macro moment(given_date) as coalesce(
    try_cast(given_date as timestamp),
    try_strptime(
        cast(given_date as varchar),
        ['%m/%d/%Y %H:%M', '%d/%m/%Y %H:%M', '%m/%d/%y %H:%M', '%d.%m.%Y %H:%M']
    )
);

copy (
    select
        invoice as order_id,
        stock_code as product_id,
        description,
        cast(quantity as decimal(18, 4)) as quantity,
        cast(price as decimal(18, 4)) as unit_price,
        'GBP' as currency,
        -- spreadsheets write whole numbers as 17850.0
        regexp_replace(cast(customer as varchar), '\.0$', '') as customer_id,
        moment(invoice_date) as ordered_at,
        moment(invoice_date) as loaded_at
    from given
) to (getvariable('inbox') || '/crm/order_lines/online_retail.parquet') (format parquet);

copy (
    select
        regexp_replace(cast(customer as varchar), '\.0$', '') as customer_id,
        arg_max(country, moment(invoice_date)) as country,
        min(moment(invoice_date)) as signed_up_at,
        max(moment(invoice_date)) as updated_at,
        max(moment(invoice_date)) as loaded_at
    from given
    where customer is not null and trim(cast(customer as varchar)) <> ''
    group by all
    order by customer_id
) to (getvariable('inbox') || '/crm/customers/online_retail.parquet') (format parquet);
