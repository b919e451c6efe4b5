{{ config(
    materialized='incremental', unique_key=['user_key', 'active_date'],
    incremental_strategy='replace', on_schema_change='fail'
) }}

{% set counts = [
    'event_count', 'view_count', 'cart_count', 'purchase_count', 'session_count', 'session_seconds',
    'engaged_seconds', 'bounce_count', 'page_count', 'distinct_page_count', 'path_step_count',
    'cart_session_count', 'abandoned_session_count', 'order_count',
] %}
{% set amounts = ['revenue', 'list_amount', 'discount_amount'] %}
{% set running = counts + amounts + ['engagement_weight', 'active_day_count'] %}
{% set event_facts = [
    'event_count', 'view_count', 'cart_count', 'purchase_count', 'engagement_weight',
    'first_event_at', 'last_event_at',
] %}
{% set session_facts = [
    'session_count', 'session_seconds', 'engaged_seconds', 'bounce_count', 'page_count',
    'distinct_page_count', 'path_step_count', 'cart_session_count', 'abandoned_session_count',
    'first_session_key', 'first_channel_group', 'last_country', 'last_device',
] %}
{#- Told of the first or the last session that knows it, of the day and of all days until it. -#}
{% set firsts = ['first_session_key', 'first_channel_group'] %}
{% set lasts = ['last_country', 'last_device'] %}
{% set order_facts = [
    'order_count', 'revenue', 'list_amount', 'discount_amount', 'first_order_at', 'last_order_at',
] %}
{% set last_read = known_read_until() %}
{% set first_day = first_touched_day(last_read) if is_incremental() %}
{% set has_regrouped = any_regrouped(last_read) if is_incremental() %}

-- depends_on: {{ ref('int_batches__read') }}, {{ ref('int_events__judged') }}
-- depends_on: {{ ref('int_events__sessionized') }}, {{ ref('int_sessions__judged') }}
with

{% if is_incremental() -%}
    progress as (

        {{ progress() }}

    ),

{% endif -%}
identities as (

    select * from {{ ref('int_identities__resolved') }}

),

newest_run as (

    select max(run_number) as run_number from identities

),

{% if is_incremental() -%}
    {{ touched_users(last_read) }}

{% endif -%}
events as (

    select * from {{ ref('int_events__counted') }}
    where
        is_visit  -- noqa: LT02
        {%- if is_incremental() %}
            and occurred_at > cast({{ first_day }} as timestamp)
            and identifier_key in ({{ identifiers_of('touched') }})
        {%- endif %}

    {% if has_regrouped -%}
        union all

        select * from {{ ref('int_events__counted') }}
        where
            is_visit
            and occurred_at <= cast({{ first_day }} as timestamp)
            and identifier_key in ({{ identifiers_of('regrouped') }})
    {%- endif %}

),

sessions as (

    select * from {{ ref('int_sessions__summarized') }}
    where
        is_counted
        and user_id is not null  -- noqa: LT02
        {%- if is_incremental() %}
            and started_at > cast({{ first_day }} as timestamp)
            and identifier_key in ({{ identifiers_of('touched') }})
        {%- endif %}

    {% if has_regrouped -%}
        union all

        select * from {{ ref('int_sessions__summarized') }}
        where
            is_counted
            and started_at <= cast({{ first_day }} as timestamp)
            and identifier_key in ({{ identifiers_of('regrouped') }})
    {%- endif %}

),

-- orders are few, and may be told of long after their day: all of a user's are looked at
orders as (

    select * from {{ ref('int_orders__resolved') }}
    where
        user_id is not null  -- noqa: LT02
        {%- if is_incremental() %}
            and user_id in (select touched.user_id from touched)
        {%- endif %}

),

dated_events as (

    select
        *,
        cast({{ add_seconds('occurred_at', '-0.000001') }} as date) as active_date
    from events

),

dated_sessions as (

    select
        *,
        cast({{ add_seconds('started_at', "-0.000001") }} as date) as active_date
    from sessions

),

dated_orders as (

    select
        *,
        cast({{ add_seconds('ordered_at', "-0.000001") }} as date) as active_date
    from orders

),

all_order_days as (

    select
        user_id,
        active_date,
        count(case when is_purchase then 1 end) as order_count,
        cast(coalesce(sum(reporting_revenue), 0) as decimal(18, 4)) as revenue,
        cast(coalesce(sum(reporting_list_amount), 0) as decimal(18, 4)) as list_amount,
        cast(coalesce(sum(reporting_discount_amount), 0) as decimal(18, 4)) as discount_amount,
        min(case when is_purchase then ordered_at end) as first_order_at,
        max(case when is_purchase then ordered_at end) as last_order_at
    from dated_orders
    group by user_id, active_date

),

{% if is_incremental() -%}
    told_order_days as (

        select
            touched.user_key,
            all_order_days.active_date,
            {% for fact in order_facts -%}
                all_order_days.{{ fact }}{{ ',' if not loop.last }}
            {% endfor %}
        from all_order_days
        inner join touched
            on all_order_days.user_id = touched.user_id
        where
            all_order_days.active_date < {{ first_day }}
            and touched.user_key in (select steady.user_key from steady)

    ),

    stored_order_days as (

        select
            stored.user_key,
            stored.active_date,
            {% for fact in order_facts -%}
                stored.{{ fact }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ this }} as stored
        where
            stored.active_date < {{ first_day }}
            and stored.user_key in (select steady.user_key from steady)
            and (
                stored.order_count > 0
                or stored.revenue <> 0
                or stored.list_amount <> 0
                or stored.discount_amount <> 0
                -- a day that there is for the sake of an order alone
                or stored.event_count + stored.session_count = 0
            )

    ),

    missed_order_days as (

        select * from told_order_days
        {{ dbt.except() }}
        select * from stored_order_days

    ),

    stale_order_days as (

        select * from stored_order_days
        {{ dbt.except() }}
        select * from told_order_days

    ),

    -- whose orders of long ago are others than they were
    reordered as (

        select user_key from missed_order_days
        union
        select user_key from stale_order_days

    ),

    -- of the others the last day that is not read anew is enough: it tells all until then. Whose
    -- it is is known by number, and the text is not read of all days
    carried as (

        select
            touched.user_id,
            stored.active_date,
            {%- for fact in event_facts + session_facts %}
                stored.{{ fact }},
            {%- endfor %}
            {%- for measure in running + firsts + lasts %}
                stored.{{ measure }}_to_date,
            {%- endfor %}
            stored.last_active_at_to_date,
            stored.last_order_at_to_date
        from {{ this }} as stored
        inner join touched
            on stored.user_key = touched.user_key
        where
            stored.active_date < {{ first_day }}
            and (
                stored.next_active_date is null
                or stored.next_active_date >= {{ first_day }}
            )
            and stored.user_key in (select steady.user_key from steady)
            and stored.user_key not in (select reordered.user_key from reordered)

    ),

    kept as (

        select
            user_id,
            active_date,
            {% for fact in event_facts + session_facts -%}
                {{ fact }}{{ ',' if not loop.last }}
            {% endfor %}
        from carried

        union all

        select
            touched.user_id,
            stored.active_date,
            {% for fact in event_facts + session_facts -%}
                stored.{{ fact }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ this }} as stored
        inner join touched
            on stored.user_key = touched.user_key
        where
            stored.active_date < {{ first_day }}
            and stored.user_key in (select reordered.user_key from reordered)

    ),

{% endif -%}
order_days as (

    select all_order_days.*
    from all_order_days
    {% if is_incremental() -%}
        left join touched
            on all_order_days.user_id = touched.user_id
        left join carried
            on
                all_order_days.user_id = carried.user_id
                and all_order_days.active_date = carried.active_date
        where
            all_order_days.active_date >= {{ first_day }}
            or carried.user_id is not null
            or touched.user_key in (select regrouped.user_key from regrouped)
            or touched.user_key in (select reordered.user_key from reordered)
    {%- endif %}

),

event_days as (

    select
        user_id,
        active_date,
        count(*) as event_count,
        count(case when event_name = 'view_item' then 1 end) as view_count,
        count(case when event_name = 'add_to_cart' then 1 end) as cart_count,
        count(case when event_name = 'purchase' then 1 end) as purchase_count,
        sum(engagement_weight) as engagement_weight,
        min(occurred_at) as first_event_at,
        max(occurred_at) as last_event_at
    from dated_events
    group by user_id, active_date

    {% if is_incremental() -%}
        union all

        select
            user_id,
            active_date,
            {% for fact in event_facts -%}
                {{ fact }}{{ ',' if not loop.last }}
            {% endfor %}
        from kept
        where event_count > 0
    {%- endif %}

),

numbered_sessions as (

    select
        *,
        row_number() over (
            partition by user_id, active_date
            order by started_at, session_id
        ) as session_number
    from dated_sessions

),

session_days as (

    select
        user_id,
        active_date,
        count(*) as session_count,
        sum(duration_seconds) as session_seconds,
        sum(engaged_seconds) as engaged_seconds,
        count(case when is_bounce then 1 end) as bounce_count,
        sum(page_count) as page_count,
        sum(distinct_page_count) as distinct_page_count,
        sum(path_step_count) as path_step_count,
        count(case when cart_count > 0 then 1 end) as cart_session_count,
        count(case when cart_count > 0 and purchase_count = 0 then 1 end)
            as abandoned_session_count,
        {{ first_by('session_key', 'session_number') }} as first_session_key,
        {{ first_by('channel_group', 'session_number') }} as first_channel_group,
        {{ last_by('country', 'session_number') }} as last_country,
        {{ last_by('device', 'session_number') }} as last_device
    from numbered_sessions
    group by user_id, active_date

    {% if is_incremental() -%}
        union all

        select
            user_id,
            active_date,
            {% for fact in session_facts -%}
                {{ fact }}{{ ',' if not loop.last }}
            {% endfor %}
        from kept
        where session_count > 0
    {%- endif %}

),

days as (

    select
        user_id,
        active_date
    from event_days
    union
    select
        user_id,
        active_date
    from session_days
    union
    select
        user_id,
        active_date
    from order_days

),

summed as (

    select
        days.user_id,
        days.active_date,
        {%- for measure in counts %}
            cast(coalesce({{ measure }}, 0) as bigint) as {{ measure }},
        {%- endfor %}
        {%- for measure in amounts %}
            cast(coalesce({{ measure }}, 0) as decimal(18, 4)) as {{ measure }},
        {%- endfor %}
        cast(coalesce(event_days.engagement_weight, 0) as decimal(18, 2)) as engagement_weight,
        {%- for fact in firsts + lasts %}
            session_days.{{ fact }},
        {%- endfor %}
        event_days.first_event_at,
        event_days.last_event_at,
        order_days.first_order_at,
        order_days.last_order_at,
        case
            when coalesce(event_days.event_count, 0) + coalesce(order_days.order_count, 0) > 0
                then 1
            else 0
        end as active_day_count,
        case
            when event_days.last_event_at is null then order_days.last_order_at
            when order_days.last_order_at > event_days.last_event_at then order_days.last_order_at
            else event_days.last_event_at
        end as last_active_at
    from days
    left join event_days
        on
            days.user_id = event_days.user_id
            and days.active_date = event_days.active_date
    left join session_days
        on
            days.user_id = session_days.user_id
            and days.active_date = session_days.active_date
    left join order_days
        on
            days.user_id = order_days.user_id
            and days.active_date = order_days.active_date

),

{% if is_incremental() -%}
    -- a day that is carried brings with it what was done until then
    continued as (

        select
            summed.*,
            {%- for measure in running %}
                coalesce(carried.{{ measure }}_to_date, summed.{{ measure }}) as {{ measure }}_brought,
            {%- endfor %}
            {%- for fact in firsts + lasts + ['last_active_at', 'last_order_at'] %}
                coalesce(carried.{{ fact }}_to_date, summed.{{ fact }}) as {{ fact }}_brought
                {{- ',' if not loop.last }}
            {%- endfor %}
        from summed
        left join carried
            on
                summed.user_id = carried.user_id
                and summed.active_date = carried.active_date

    ),

{% endif -%}
{% set brought = '_brought' if is_incremental() else '' -%}
{% set timeline = 'partition by user_id order by active_date' -%}
-- what somebody did in a window is what was done until its end less what was done until
-- its beginning: with running totals a window costs two look-ups, however long it is
running as (

    select
        *,
        {%- for measure in counts + ['active_day_count'] %}
            cast(sum({{ measure ~ brought }}) over user_timeline as bigint) as {{ measure }}_to_date,
        {%- endfor %}
        {%- for measure in amounts %}
            cast(sum({{ measure ~ brought }}) over user_timeline as decimal(18, 4))
                as {{ measure }}_to_date,
        {%- endfor %}
        cast(sum(engagement_weight{{ brought }}) over user_timeline as decimal(18, 2))
            as engagement_weight_to_date,
        {%- for fact in firsts %}
            {{ first_known(fact ~ brought, timeline) }} as {{ fact }}_to_date,
        {%- endfor %}
        {%- for fact in lasts %}
            {{ last_known(fact ~ brought, timeline) }} as {{ fact }}_to_date,
        {%- endfor %}
        max(last_active_at{{ brought }}) over user_timeline as last_active_at_to_date,
        max(last_order_at{{ brought }}) over user_timeline as last_order_at_to_date,
        lead(active_date) over user_timeline as next_active_date
    from {{ 'continued' if is_incremental() else 'summed' }}
    window user_timeline as ({{ timeline }})

),

{% if is_incremental() -%}
    -- ids that no identifier carries any more
    vanished as (

        select stored.user_key
        from {{ this }} as stored
        left join identities
            on stored.user_key = identities.user_key
        where
            stored.next_active_date is null
            and identities.user_key is null

    ),

    -- days that may not be there any more
    gone as (

        select
            stored.user_key,
            stored.active_date
        from {{ this }} as stored
        where
            stored.active_date >= {{ first_day }}
            and stored.user_key in (select touched.user_key from touched)

        union

        select
            stored.user_key,
            stored.active_date
        from {{ this }} as stored
        where
            stored.user_key in (
                select regrouped.user_key from regrouped
                union all
                select reordered.user_key from reordered
                union all
                select vanished.user_key from vanished
            )

    ),

{% endif -%}
final as (

    select
        running.user_id,
        running.active_date,
        {{ text_number('running.user_id') }} as user_key,
        running.next_active_date,
        {%- for measure in counts + amounts + ['engagement_weight'] %}
            running.{{ measure }},
        {%- endfor %}
        {%- for measure in running %}
            running.{{ measure }}_to_date,
        {%- endfor %}
        running.last_active_at_to_date,
        running.last_order_at_to_date,
        {%- for fact in firsts + lasts %}
            running.{{ fact }},
        {%- endfor %}
        {%- for fact in firsts + lasts %}
            running.{{ fact }}_to_date,
        {%- endfor %}
        running.first_event_at,
        running.last_event_at,
        running.first_order_at,
        running.last_order_at,
        newest_run.run_number,
        false as is_removed
    from running
    cross join newest_run

    {% if is_incremental() -%}
        union all

        select
            cast(null as varchar) as user_id,
            gone.active_date,
            gone.user_key,
            cast(null as date) as next_active_date,
            {%- for measure in counts + amounts + ['engagement_weight'] %}
                null as {{ measure }},
            {%- endfor %}
            {%- for measure in running %}
                null as {{ measure }}_to_date,
            {%- endfor %}
            cast(null as timestamp) as last_active_at_to_date,
            cast(null as timestamp) as last_order_at_to_date,
            {%- for fact in firsts + lasts %}
                null as {{ fact }},
            {%- endfor %}
            {%- for fact in firsts + lasts %}
                null as {{ fact }}_to_date,
            {%- endfor %}
            cast(null as timestamp) as first_event_at,
            cast(null as timestamp) as last_event_at,
            cast(null as timestamp) as first_order_at,
            cast(null as timestamp) as last_order_at,
            cast(null as bigint) as run_number,
            true as is_removed
        from gone
    {%- endif %}

)

select * from final
{{ in_order_of('active_date') }}
