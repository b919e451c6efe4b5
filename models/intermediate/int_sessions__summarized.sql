with

events as (

    select * from {{ ref('int_events__resolved') }}

),

attributed as (

    select * from {{ ref('int_sessions__attributed') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

summed as (

    select
        session_id,
        coalesce(
            {{ first_by('case when is_named then user_id end', 'event_position') }},
            {{ first_by('user_id', 'event_position') }}
        ) as user_id,
        min(source) as source,
        min(anonymous_id) as anonymous_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as event_count,
        count(case when event_name in ('page_view', 'screen_view') then 1 end) as page_view_count,
        count(case when event_name = 'view_item' then 1 end) as product_view_count,
        count(case when event_name = 'add_to_cart' then 1 end) as cart_count,
        count(case when event_name = 'begin_checkout' then 1 end) as checkout_count,
        count(case when event_name = 'purchase' then 1 end) as purchase_count,
        count(page) as page_count,
        count(distinct page) as distinct_page_count,
        count(distinct product_id) as distinct_product_count,
        count(case when is_path_step then 1 end) as path_step_count,
        sum(engagement_weight) as engagement_weight,
        cast(
            coalesce(sum(case when event_name = 'purchase' then revenue end), 0) as decimal(18, 4)
        ) as revenue,
        sum(engaged_milliseconds) as engaged_milliseconds,
        {{ first_by('page', 'event_position') }} as landing_page,
        {{ last_by('page', 'event_position') }} as exit_page,
        {{ first_by('device', 'event_position') }} as device,
        {{ first_by('country', 'event_position') }} as country,
        {{ first_by('currency', 'event_position') }} as currency,
        {{ ordered_text('case when is_path_step then event_name end', 'event_position', '>') }}
            as whole_path,
        count(case when is_visit then 1 end) > 0 as is_visit,
        count(case when is_counted then 1 end) > 0 as is_counted
    from events
    group by session_id

),

timed as (

    select
        *,
        {{ seconds_between('started_at', 'ended_at') }} as duration_seconds
    from summed

),

engaged as (

    select
        *,
        -- without a measured engagement the time between first and last event stands for it
        coalesce(cast(floor(engaged_milliseconds / 1000.0) as bigint), duration_seconds)
            as engaged_seconds
    from timed

),

final as (

    select
        engaged.session_id,
        engaged.user_id,
        engaged.source,
        engaged.anonymous_id,
        engaged.landing_page,
        engaged.exit_page,
        engaged.device,
        engaged.country,
        engaged.currency,
        attributed.channel_group,
        attributed.traffic_source,
        attributed.traffic_medium,
        attributed.traffic_campaign,
        -- the first steps tell journeys apart; a journey of hours would fill the table
        left(engaged.whole_path, 400) as path_signature,
        engaged.duration_seconds,
        engaged.engaged_seconds,
        engaged.event_count,
        engaged.page_view_count,
        engaged.page_count,
        engaged.distinct_page_count,
        engaged.distinct_product_count,
        engaged.path_step_count,
        engaged.product_view_count,
        engaged.cart_count,
        engaged.checkout_count,
        engaged.purchase_count,
        engaged.engagement_weight,
        engaged.revenue,
        -- the counterpart of an engaged session: ten seconds, a second page or a purchase
        engaged.engaged_seconds < 10
        and engaged.page_view_count < 2
        and engaged.purchase_count = 0 as is_bounce,
        {{ add_seconds('engaged.ended_at', var('session_timeout_seconds')) }}
        >= clock.as_of as is_open,
        engaged.is_visit and engaged.is_counted as is_counted,
        engaged.started_at,
        engaged.ended_at
    from engaged
    cross join clock
    left join attributed
        on engaged.session_id = attributed.session_id

)

select * from final
