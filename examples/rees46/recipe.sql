-- REES46: one event of a shop's own tag a row.
--
-- `given` holds the columns of the user's file as text. It is history, so every record
-- is loaded when it happened (`loaded_at`).

copy (
    with

    timed as (

        select
            *,
            -- a time that cannot be read is null: the row is then counted as impossible
            try_strptime(
                event_time,
                ['%Y-%m-%d %H:%M:%S UTC', '%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%SZ']
            ) as happened_at
        from given

    )

    select
        happened_at as sent_at,
        happened_at as loaded_at,
        -- the shop's permanent id of a visitor, on every row, whether logged in or not:
        -- it names a device or a browser, so it is no login and proves no person
        user_id as anonymous_id,
        user_session as session_id,
        -- view, cart, remove_from_cart, purchase: seeds/lookups/event_names maps them
        event_type as name,
        product_id,
        category_code as category,
        1 as quantity,
        price,
        -- a purchase row is one product bought once
        case when event_type = 'purchase' then price end as revenue,
        'USD' as currency,
        case when brand is not null then cast(json_object('brand', brand) as varchar) end
            as properties
    from timed
) to (
    getvariable('inbox') || '/web/events/' || getvariable('name') || '.parquet'
) (format parquet);

-- what the runner prints
select 'the file has no rows' as note from (select 1 from given limit 1)
having count(*) = 0;
