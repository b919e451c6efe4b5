{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='session_key',
    on_schema_change='fail'
) }}
{% set columns = [
    'session_id', 'visitor_key', 'identifier_key', 'source', 'anonymous_id', 'landing_page',
    'exit_page', 'device', 'country', 'currency', 'channel_group', 'traffic_source',
    'traffic_medium', 'traffic_campaign', 'path_signature', 'duration_seconds', 'engaged_seconds',
    'event_count', 'page_view_count', 'page_count', 'distinct_page_count',
    'distinct_product_count', 'path_step_count', 'product_view_count', 'cart_count',
    'checkout_count', 'purchase_count', 'engagement_weight', 'revenue', 'is_bounce', 'is_counted',
    'started_at', 'ended_at',
] %}
{% set last_read = known_read_until() %}
{% set earliest = earliest_touched(last_read) %}
{% set is_touched = of_touched_session(earliest) %}

-- depends_on: {{ ref('int_events__judged') }}, {{ ref('int_events__sessionized') }}
with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    {{ touched_sessions(last_read, earliest) }}

{% endif -%}
events as (

    select * from {{ ref('int_events__enriched') }}
    {% if is_incremental() -%}
        where {{ is_touched }}
    {%- endif %}

),

-- distinct values are counted by themselves; among other sums they cost five times as much
page_counts as (

    select
        session_key,
        count(distinct page) as page_count
    from {{ ref('int_events__enriched') }}
    {% if is_incremental() -%}
        where {{ is_touched }}
    {%- endif %}
    group by session_key

),

product_counts as (

    select
        session_key,
        count(distinct product_id) as product_count
    from {{ ref('int_events__enriched') }}
    {% if is_incremental() -%}
        where {{ is_touched }}
    {%- endif %}
    group by session_key

),

-- the first steps tell journeys apart; a journey of hours would fill the table
paths as (

    select
        session_key,
        left({{ ordered_text('event_name', 'event_position', '>') }}, 400) as path_signature
    from {{ ref('int_events__enriched') }}
    where
        is_path_step  -- noqa: LT02
        {%- if is_incremental() %}
            and {{ is_touched }}
        {%- endif %}
    group by session_key

),

attributed as (

    select * from {{ ref('int_sessions__attributed') }}

),

summed as (

    select
        session_key,
        -- the first event that names a person tells whose session it is
        coalesce(
            {{ first_by('case when is_named then identifier_key end', 'event_position') }},
            {{ first_by('identifier_key', 'event_position') }}
        ) as identifier_key,
        count(case when event_name in ('page_view', 'screen_view') then 1 end) as page_view_count,
        count(case when event_name = 'view_item' then 1 end) as product_view_count,
        count(case when event_name = 'add_to_cart' then 1 end) as cart_count,
        count(case when event_name = 'begin_checkout' then 1 end) as checkout_count,
        count(case when event_name = 'purchase' then 1 end) as purchase_count,
        count(page) as page_count,
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
        count(case when is_visit then 1 end) > 0 as is_visit,
        count(case when not is_internal then 1 end) > 0 as is_counted
    from events
    group by session_key

),

timed as (

    select
        summed.*,
        page_counts.page_count as distinct_page_count,
        product_counts.product_count as distinct_product_count,
        sessions.session_id,
        sessions.visitor_key,
        sessions.source,
        sessions.anonymous_id,
        sessions.event_count,
        sessions.is_shadowed,
        sessions.started_at,
        sessions.ended_at,
        {{ seconds_between('sessions.started_at', 'sessions.ended_at') }} as duration_seconds
    from summed
    inner join {{ ref('int_sessions__judged') }} as sessions
        on
            summed.session_key = sessions.session_key
            and {{ not_before('sessions.started_at', earliest) }}
    inner join page_counts
        on summed.session_key = page_counts.session_key
    inner join product_counts
        on summed.session_key = product_counts.session_key
    where not sessions.is_bot

),

engaged as (

    select
        *,
        -- without a measured engagement the time between first and last event stands for it
        coalesce(cast(floor(engaged_milliseconds / 1000.0) as bigint), duration_seconds)
            as engaged_seconds
    from timed

),

measured as (

    select
        engaged.session_key,
        engaged.session_id,
        engaged.visitor_key,
        engaged.identifier_key,
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
        paths.path_signature,
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
        engaged.is_visit and engaged.is_counted and not engaged.is_shadowed as is_counted,
        engaged.started_at,
        engaged.ended_at
    from engaged
    left join attributed
        on engaged.session_key = attributed.session_key
    left join paths
        on engaged.session_key = paths.session_key

),

final as (

    select
        {{ 'touched_sessions' if is_incremental() else 'measured' }}.session_key,
        {% for column in columns -%}
            measured.{{ column }},
        {% endfor -%}
        {% if is_incremental() -%}
            -- a session that is gone, or was found out to be a bot, goes
            measured.session_key is null as is_removed,
        {%- else -%}
            false as is_removed,
        {%- endif %}
        progress.run_number
    from {{ 'touched_sessions' if is_incremental() else 'measured' }}
    cross join progress
    {%- if is_incremental() %}
        left join measured
            on touched_sessions.session_key = measured.session_key
    {%- endif %}

)

select * from final
{{ in_order_of('started_at') }}
