-- Made-up shop visits for speed comparisons: variables n_users, n_days and out.
-- Every draw is a hash of what it is for, so the same variables give the same rows.
create or replace temp macro share_of(a, b, c) as (hash(a, b, c) % 1000003) / 1000003.0;

copy (
    with

    -- most users come a few times, few come often
    users as (
        select
            u.number as user_number,
            ((3 + 30 * pow(share_of(u.number, 0, 6), 9)) * getvariable('n_days') / 90.0)::int as visit_count
        from range(getvariable('n_users')) as u(number)
    ),

    visits as (
        select
            users.user_number,
            v.number as visit_number,
            share_of(users.user_number, v.number, 1) as device_draw,
            share_of(users.user_number, v.number, 3) as purchase_draw,
            4 + (hash(users.user_number, v.number, 2) % 9)::int as event_count,
            (hash(users.user_number, v.number, 4) % 5000)::int as first_product,
            timestamp '2026-11-01' - to_days(getvariable('n_days')::int) + to_microseconds(
                (share_of(users.user_number, v.number, 5) * getvariable('n_days') * 86400e6)::bigint
            ) as started_at
        from users, range(users.visit_count) as v(number)
    ),

    steps as (
        select
            visits.*,
            e.number as event_number,
            started_at + to_seconds(
                (e.number * 25 + hash(user_number, visit_number, e.number) % 40)::bigint
            ) as occurred_at,
            share_of(user_number, visit_number * 100 + e.number, 7) as event_draw,
            share_of(user_number, visit_number * 100 + e.number, 8) as late_draw,
            purchase_draw < .06 and e.number = event_count - 1 as is_purchase
        from visits, range(event_count) as e(number)
    ),

    told as (
        select
            md5(user_number || '-' || visit_number || '-' || event_number) as event_id,
            if(device_draw < .05, 'b', 'a') || user_number as anonymous_id,
            'u' || user_number as user_id,
            occurred_at,
            -- one in a hundred comes more than a day late
            occurred_at + if(late_draw < .01, interval 30 hour, interval 5 second) as loaded_at,
            case
                when is_purchase then 'purchase'
                when event_draw < .40 then 'page_view'
                when event_draw < .88 then 'view_item'
                when event_draw < .97 then 'add_to_cart'
                else 'search'
            end as event_name,
            'p' || ((first_product + (hash(user_number, event_number, 9) % 3)) % 5000) as product_id,
            if(is_purchase, round(exp(3 + event_draw * 2)::numeric, 2), null) as revenue,
            case when device_draw < .6 then 'mobile' when device_draw < .9 then 'desktop' end as device,
            case
                when purchase_draw < .2 then 'email'
                when purchase_draw < .5 then 'organic'
                when purchase_draw < .7 then 'paid'
            end as channel
        from steps
    )

    from told
    union all
    -- and one in a hundred comes again ten minutes later
    select * replace (loaded_at + interval 10 minute as loaded_at)
    from told
    where hash(event_id) % 100 = 0
) to (getvariable('out')) (format parquet);
