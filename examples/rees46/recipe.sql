-- REES46: views, carts and purchases of a large shop. `given` is the user's file.
-- `user_id` is a persistent id of a browser or app that the shop's tag sets, not a login: nobody
-- signed in to get it. So it is the anonymous id, and the shop's own session id is the session.
-- History is a replay: a record arrived when it happened.
copy (
    select
        cast(user_id as varchar) as anonymous_id,
        user_session as session_id,
        event_type as name,
        event_time as sent_at,
        event_time as loaded_at,
        cast(product_id as varchar) as product_id,
        category_code as category,
        cast(price as decimal(18, 4)) as price,
        1 as quantity,
        case when event_type = 'purchase' then cast(price as decimal(18, 4)) end as revenue,
        'USD' as currency,
        case when brand <> '' then json_object('brand', brand) end as properties
    from given
) to (getvariable('inbox') || '/web/events/rees46.parquet') (format parquet);
