-- UCI Online Retail: one order line a row, and the country of each customer.
--
-- `given` holds the columns of the user's file as text, under the names used here.
-- One file is one delivery: lines that repeat inside an invoice all count.
-- It is history, so every record is loaded when it happened (`loaded_at`).

-- spreadsheets write dates as they like: the format that reads most rows is the file's,
-- the month first where both orders would do
set variable date_format = (
    with

    formats as (

        select
            [
                '%Y-%m-%d %H:%M:%S',
                '%Y-%m-%d %H:%M',
                '%Y-%m-%dT%H:%M:%S',
                '%m/%d/%Y %H:%M',
                '%d/%m/%Y %H:%M',
                '%d-%m-%Y %H:%M',
                '%d.%m.%Y %H:%M',
                '%m/%d/%y %H:%M',
                '%d/%m/%y %H:%M',
                '%m/%d/%Y %H:%M:%S',
                '%d/%m/%Y %H:%M:%S'
            ] as names,
            [
                count(try_strptime(invoice_date, '%Y-%m-%d %H:%M:%S')),
                count(try_strptime(invoice_date, '%Y-%m-%d %H:%M')),
                count(try_strptime(invoice_date, '%Y-%m-%dT%H:%M:%S')),
                count(try_strptime(invoice_date, '%m/%d/%Y %H:%M')),
                count(try_strptime(invoice_date, '%d/%m/%Y %H:%M')),
                count(try_strptime(invoice_date, '%d-%m-%Y %H:%M')),
                count(try_strptime(invoice_date, '%d.%m.%Y %H:%M')),
                count(try_strptime(invoice_date, '%m/%d/%y %H:%M')),
                count(try_strptime(invoice_date, '%d/%m/%y %H:%M')),
                count(try_strptime(invoice_date, '%m/%d/%Y %H:%M:%S')),
                count(try_strptime(invoice_date, '%d/%m/%Y %H:%M:%S'))
            ] as hits
        from given

    )

    select names[list_position(hits, list_max(hits))] from formats
);

create or replace temp view order_lines as
select
    -- cancellations ('C...') and corrections ('A...') name no order they belong to:
    -- each is an order of its own, with negative revenue
    trim(invoice) as order_id,
    trim(stock_code) as product_id,
    trim(description) as description,
    quantity,
    unit_price,
    'GBP' as currency,
    -- numbers that were once a float column: 17850.0 is customer 17850
    nullif(
        regexp_replace(lower(trim(customer)), '\.0+$', ''), 'nan'
    ) as customer_id,
    -- a date that cannot be read stays as it is, and landing rejects and counts it
    coalesce(
        cast(try_strptime(invoice_date, getvariable('date_format')) as varchar),
        invoice_date
    ) as ordered_at,
    try_strptime(invoice_date, getvariable('date_format')) as loaded_at,
    nullif(trim(country), 'Unspecified') as country
from given;

copy (
    select * exclude (country) from order_lines
) to (
    getvariable('inbox') || '/crm/order_lines/' || getvariable('name') || '.parquet'
) (format parquet);

-- a few customers moved: the country of the newest invoice, told from the first one on
copy (
    select
        customer_id,
        max_by(country, (loaded_at, country)) as country,
        min(loaded_at) as updated_at,
        min(loaded_at) as loaded_at
    from order_lines
    where customer_id is not null and loaded_at is not null
    group by customer_id
    order by customer_id
) to (
    getvariable('inbox') || '/crm/customers/' || getvariable('name') || '.parquet'
) (format parquet);

-- what the runner prints
select count(*) || ' prices have more than 4 decimals and are rounded to 4' as note
from given
where regexp_matches(unit_price, '\.[0-9]{4}[0-9]*[1-9]')
having count(*) > 0;
