{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='order_id',
    on_schema_change='fail'
) }}
{% set columns = [
    'source', 'event_id', 'user_id', 'session_id', 'status', 'currency', 'channel_group',
    'line_count', 'unit_count', 'product_count', 'gross_revenue', 'refunded', 'revenue',
    'discount_amount', 'reporting_revenue', 'reporting_list_amount', 'reporting_discount_amount',
    'reporting_rate', 'is_cancelled', 'is_purchase', 'ordered_at',
] %}
{% set last_read = known_read_until() %}
{#- Which columns of a CRM record hold which kind of identifier, the most believed first. -#}
{% set identifiers = {'login': 'login', 'customer': 'customer_id', 'email': 'email_hash'} %}

-- depends_on: {{ ref('int_events__judged') }}, {{ ref('int_orders__collected') }}
-- depends_on: {{ ref('int_order_lines__collected') }}, {{ ref('int_identities__erased') }}
with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    documents as (

        select
            order_id,
            refunds_order_id,
            customer_id,
            login,
            email_hash,
            run_number
        from {{ ref('int_orders__collected') }}

        union all

        select
            order_id,
            null as refunds_order_id,
            customer_id,
            null as login,
            null as email_hash,
            run_number
        from {{ ref('int_order_lines__collected') }}

    ),

    -- persons who were resolved anew, or are to be forgotten
    touched_persons as (

        select
            identities.identifier_kind,
            identities.identifier_value
        from {{ ref('int_identities__resolved') }} as identities
        where {{ since('identities', last_read) }}

        union

        select
            erased.identifier_kind,
            erased.identifier_value
        from {{ ref('int_identities__erased') }} as erased
        where {{ since('erased', last_read) }}

    ),

    -- a report goes with its event, its session and the person it belongs to
    told as (

        select documents.order_id
        from documents
        where {{ since('documents', last_read) }}

        {% for kind, column in identifiers.items() -%}
            union

            select documents.order_id
            from documents
            inner join touched_persons
                on documents.{{ column }} = touched_persons.identifier_value
            where touched_persons.identifier_kind = '{{ kind }}'

        {% endfor -%}
        union

        select {{ order_of_event('upper(trim(judged.order_id))', 'judged.event_key') }} as order_id
        from {{ ref('int_events__judged') }} as judged
        where
            {{ since('judged', last_read) }}
            and (judged.order_id is not null or judged.event_name in ('purchase', 'refund'))

        union

        select {{ order_of_event('ordered.order_key', 'ordered.event_key') }} as order_id
        from {{ ref('int_events__ordered') }} as ordered
        where
            {{ since('ordered', last_read) }}
            or ordered.session_key in (
                select sessions.session_key
                from {{ ref('int_sessions__judged') }} as sessions
                where {{ since('sessions', last_read) }}
                union all
                select attributed.session_key
                from {{ ref('int_sessions__attributed') }} as attributed
                where {{ since('attributed', last_read) }}
            )
            or ordered.identifier_key in (
                select regrouped.identifier_key
                from {{ ref('int_identities__resolved') }} as regrouped
                cross join progress
                where regrouped.regrouped_run_number > progress.read_until
            )

    ),

    -- what a document refunds, or did before it was told anew, and what refunds it
    touched as (

        select order_id from told

        union

        select documents.refunds_order_id as order_id
        from documents
        inner join told
            on documents.order_id = told.order_id
        where documents.refunds_order_id is not null

        union

        select documents.order_id
        from documents
        inner join told
            on documents.refunds_order_id = told.order_id

    ),

    -- all that is booked on them
    booked as (

        select order_id from touched

        union

        select documents.order_id
        from documents
        inner join touched
            on documents.refunds_order_id = touched.order_id

    ),

{% endif -%}
lines as (

    select * from {{ ref('int_orders__lined') }}
    where
        outcome = 'kept'  -- noqa: LT02
        {%- if is_incremental() %}
            and order_id in (select booked.order_id from booked)
        {%- endif %}

),

headers as (

    select * from {{ ref('int_orders__headed') }}
    {% if is_incremental() -%}
        where order_id in (select booked.order_id from booked)
    {%- endif %}

),

sessions as (

    select * from {{ ref('int_sessions__judged') }}
    where not is_bot

),

attributed as (

    select * from {{ ref('int_sessions__attributed') }}

),

identities as (

    select * from {{ ref('int_identities__resolved') }}

),

ordered as (

    -- what our own people buy to try the shop is no order
    select * from {{ ref('int_events__ordered') }}
    where
        event_name in ('purchase', 'refund')
        and not is_internal  -- noqa: LT02
        {%- if is_incremental() %}
            and {{ order_of_event('order_key', 'event_key') }} in (
                select touched.order_id from touched
            )
        {%- endif %}

),

events as (

    select
        ordered.*,
        {{ id_from_key('ordered.event_key') }} as event_id,
        identities.user_id,
        sessions.session_id,
        not sessions.is_shadowed as is_counted
    from ordered
    inner join sessions
        on ordered.session_key = sessions.session_key
    left join identities
        on ordered.identifier_key = identities.identifier_key

),

rates as (

    select * from {{ ref('int_currency_rates__dated') }}

),

-- a document that refunds an order we know is booked on that order
booked_headers as (

    select
        headers.*,
        coalesce(originals.order_id, headers.order_id) as booked_order_id
    from headers
    left join {{ ref('int_orders__headed') }} as originals
        on headers.refunds_order_id = originals.order_id

),

booked_lines as (

    select
        lines.*,
        coalesce(booked_headers.booked_order_id, lines.order_id) as booked_order_id
    from lines
    left join booked_headers
        on lines.order_id = booked_headers.order_id

),

line_sums as (

    select
        booked_order_id as order_id,
        count(*) as line_count,
        sum(case when amount > 0 then quantity else 0 end) as unit_count,
        -- what was sold, and what negative, cancelled and refunded lines take back
        sum(case when amount > 0 then amount else 0 end) as sold_amount,
        sum(discount_amount) as discount_amount,
        sum(case when amount < 0 then -amount else 0 end) as returned_amount,
        sum(case when amount < 0 then 0 else refunded_amount end) as refunded_amount,
        count(distinct product_id) as product_count,
        max(customer_id) as customer_id,
        max(currency) as currency,
        min(ordered_at) as ordered_at
    from booked_lines
    group by booked_order_id

),

header_sums as (

    select
        booked_order_id as order_id,
        max(case when order_id = booked_order_id then customer_id end) as customer_id,
        max(case when order_id = booked_order_id then login end) as login,
        max(case when order_id = booked_order_id then email_hash end) as email_hash,
        max(case when order_id = booked_order_id then status end) as status,
        max(currency) as currency,
        sum(case when order_id = booked_order_id then discount_amount else 0 end)
            as discount_amount,
        sum(refunded_amount) as refunded_amount,
        sum(case when order_id = booked_order_id then gross_amount else 0 end) as gross_amount,
        min(case when order_id = booked_order_id then ordered_at end) as ordered_at
    from booked_headers
    group by booked_order_id

),

crm_keys as (

    select order_id from line_sums
    union
    select order_id from header_sums

),

crm_priced as (

    select
        crm_keys.order_id,
        coalesce(header_sums.customer_id, line_sums.customer_id) as customer_id,
        header_sums.login,
        header_sums.email_hash,
        header_sums.status,
        coalesce(header_sums.currency, line_sums.currency, '{{ var("reporting_currency") }}')
            as currency,
        coalesce(line_sums.line_count, 0) as line_count,
        coalesce(line_sums.unit_count, 0) as unit_count,
        coalesce(line_sums.product_count, 0) as product_count,
        coalesce(line_sums.discount_amount, 0)
        + coalesce(header_sums.discount_amount, 0) as discount_amount,
        coalesce(line_sums.sold_amount, header_sums.gross_amount, 0)
        - coalesce(line_sums.discount_amount, 0)
        - coalesce(header_sums.discount_amount, 0) as gross_revenue,
        coalesce(line_sums.returned_amount, 0) as returned_amount,
        coalesce(line_sums.refunded_amount, 0)
        + coalesce(header_sums.refunded_amount, 0) as refunded_amount,
        coalesce(header_sums.ordered_at, line_sums.ordered_at) as ordered_at
    from crm_keys
    left join line_sums
        on crm_keys.order_id = line_sums.order_id
    left join header_sums
        on crm_keys.order_id = header_sums.order_id

),

crm_orders as (

    select
        *,
        coalesce(status in ('cancelled', 'canceled'), false) as is_cancelled,
        -- a cancelled order gives everything back, whatever its lines say; and no refund gives
        -- back more than was paid. Negative lines are money of their own
        case
            when status in ('cancelled', 'canceled') then greatest(gross_revenue, returned_amount)
            when gross_revenue > 0 then returned_amount + least(refunded_amount, gross_revenue)
            else returned_amount + refunded_amount
        end as refunded
    from crm_priced
    where ordered_at is not null

),

keyed_events as (

    select
        *,
        {{ order_of_event('order_key', 'event_key') }} as order_id,
        row_number() over (
            partition by {{ order_of_event('order_key', 'event_key') }}, event_name
            order by occurred_at, event_id
        ) as report_number
    from events

),

-- the same order reported again is one order: the earliest report stands
purchases as (

    select * from keyed_events
    where
        event_name = 'purchase'
        and (report_number = 1 or order_key is null)
        and (order_key is not null or is_counted)

),

-- an order may be refunded in parts; where two trackers tell of them, the first one counts
refund_sources as (

    select
        order_id,
        min(case when report_number = 1 then source end) as source
    from keyed_events
    where event_name = 'refund'
    group by order_id

),

refunds as (

    select
        keyed_events.order_id,
        min(keyed_events.event_id) as event_id,
        min(keyed_events.source) as source,
        min(keyed_events.user_id) as user_id,
        min(keyed_events.session_id) as session_id,
        {{ first_by('keyed_events.session_key', 'keyed_events.session_id') }} as session_key,
        min(keyed_events.currency) as currency,
        sum(keyed_events.revenue) as revenue,
        min(keyed_events.occurred_at) as occurred_at
    from keyed_events
    inner join refund_sources
        on
            keyed_events.order_id = refund_sources.order_id
            and keyed_events.source = refund_sources.source
    where
        keyed_events.event_name = 'refund'
        and (keyed_events.order_key is not null or keyed_events.is_counted)
    group by keyed_events.order_id

),

event_keys as (

    select order_id from purchases
    union
    select order_id from refunds

),

event_orders as (

    select
        event_keys.order_id,
        coalesce(purchases.event_id, refunds.event_id) as event_id,
        coalesce(purchases.source, refunds.source) as source,
        coalesce(purchases.user_id, refunds.user_id) as user_id,
        coalesce(purchases.session_id, refunds.session_id) as session_id,
        coalesce(purchases.session_key, refunds.session_key) as session_key,
        coalesce(purchases.currency, refunds.currency) as currency,
        coalesce(purchases.quantity, 0) as unit_count,
        coalesce(purchases.revenue, 0) as gross_revenue,
        abs(coalesce(refunds.revenue, 0)) as refunded,
        coalesce(purchases.occurred_at, refunds.occurred_at) as ordered_at
    from event_keys
    left join purchases
        on event_keys.order_id = purchases.order_id
    left join refunds
        on event_keys.order_id = refunds.order_id

),

all_keys as (

    select order_id from crm_orders
    {% if is_incremental() -%}
        where order_id in (select touched.order_id from touched)
    {%- endif %}
    union
    select order_id from event_orders

),

merged as (

    select
        all_keys.order_id,
        case when crm_orders.order_id is not null then 'crm' else event_orders.source end as source,
        event_orders.user_id as event_user_id,
        event_orders.event_id,
        event_orders.session_id,
        event_orders.session_key,
        coalesce(crm_orders.status, 'placed') as status,
        coalesce(crm_orders.currency, event_orders.currency) as currency,
        coalesce(crm_orders.line_count, 0) as line_count,
        coalesce(crm_orders.unit_count, event_orders.unit_count) as unit_count,
        coalesce(crm_orders.product_count, 0) as product_count,
        coalesce(crm_orders.discount_amount, 0) as discount_amount,
        coalesce(crm_orders.gross_revenue, event_orders.gross_revenue) as gross_revenue,
        coalesce(crm_orders.refunded, event_orders.refunded) as refunded,
        coalesce(crm_orders.is_cancelled, false) as is_cancelled,
        coalesce(crm_orders.ordered_at, event_orders.ordered_at) as ordered_at
    from all_keys
    left join crm_orders
        on all_keys.order_id = crm_orders.order_id
    left join event_orders
        on all_keys.order_id = event_orders.order_id

),

-- whom the CRM names, in the order in which it is believed
named_keys as (

    {% for kind, column in identifiers.items() -%}
        select
            order_id,
            {{ loop.index }} as precedence,
            '{{ kind }}' as identifier_kind,
            {{ column }} as identifier_value
        from crm_orders
        where {{ column }} is not null
        {{- '\n\n        union all\n' if not loop.last }} -- noqa: LT02

    {% endfor %}
),

named as (

    select
        named_keys.order_id,
        {{ first_by('identities.user_id', 'named_keys.precedence') }} as user_id
    from named_keys
    inner join identities
        on
            named_keys.identifier_kind = identities.identifier_kind
            and named_keys.identifier_value = identities.identifier_value
    group by named_keys.order_id

),

priced as (

    select
        -- ids
        merged.order_id,
        merged.source,
        merged.event_id,
        coalesce(named.user_id, merged.event_user_id) as user_id,
        merged.session_id,

        -- text
        merged.status,
        merged.currency,
        attributed.channel_group,

        -- numbers
        merged.line_count,
        cast(merged.unit_count as decimal(18, 4)) as unit_count,
        merged.product_count,
        cast(merged.gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(merged.refunded as decimal(18, 4)) as refunded,
        cast(merged.gross_revenue - merged.refunded as decimal(18, 4)) as revenue,
        cast(merged.discount_amount as decimal(18, 4)) as discount_amount,
        cast(
            (merged.gross_revenue - merged.refunded) * rates.rate as decimal(18, 4)
        ) as reporting_revenue,
        cast(
            (merged.gross_revenue + merged.discount_amount) * rates.rate as decimal(18, 4)
        ) as reporting_list_amount,
        cast(merged.discount_amount * rates.rate as decimal(18, 4)) as reporting_discount_amount,
        rates.rate as reporting_rate,

        -- booleans
        merged.is_cancelled,
        -- a refund that names no order is a row of its own, and no purchase
        merged.gross_revenue > 0 or merged.refunded = 0 as is_purchase,

        -- times
        merged.ordered_at
    from merged
    left join named
        on merged.order_id = named.order_id
    left join attributed
        on merged.session_key = attributed.session_key
    left join rates
        on
            merged.currency = rates.from_currency
            and merged.ordered_at >= rates.valid_from
            and (rates.valid_to is null or merged.ordered_at < rates.valid_to)

),

final as (

    select
        {{ 'touched' if is_incremental() else 'priced' }}.order_id,
        {% for column in columns -%}
            priced.{{ column }},
        {% endfor -%}
        {% if is_incremental() -%}
            priced.order_id is null as is_removed,
        {%- else -%}
            false as is_removed,
        {%- endif %}
        progress.run_number
    from {{ 'touched' if is_incremental() else 'priced' }}
    cross join progress
    {%- if is_incremental() %}
        left join priced
            on touched.order_id = priced.order_id
    {%- endif %}

)

select * from final
