{% set known = last_state('int_identities__resolved') %}
{#- Which columns of a record hold which kind of identifier. -#}
{% set identifiers = {
    'login': 'login', 'customer': 'customer_id', 'email': 'email_hash', 'phone': 'phone_hash',
    'anonymous': 'anonymous_id', 'click': 'click_id',
} %}

with

runs as (

    select
        coalesce(max(run_number), 0) as run_number,
        coalesce(max(case when is_reset then run_number end), 0) as reset_number
    from {{ ref('int_batches__read') }}

),

-- all that is known of identities, as the last run left it
known as (

    {% if known -%}
        select
            identifier_kind,
            identifier_value,
            identifier_key,
            visitor_key,
            cluster_key,
            run_number
        from {{ known }}
    {%- else -%}
        select
            cast(null as varchar) as identifier_kind,
            cast(null as varchar) as identifier_value,
            {{ text_number("''") }} as identifier_key,
            {{ text_number("''") }} as visitor_key,
            {{ text_number("''") }} as cluster_key,
            cast(0 as bigint) as run_number
        from runs
        where runs.run_number < 0
    {%- endif %}

),

progress as (

    select
        runs.run_number,
        case
            when runs.reset_number > coalesce(max(known.run_number), 0) then -1
            else coalesce(max(known.run_number), 0)
        end as read_until
    from runs
    left join known
        on known.run_number > 0
    group by runs.run_number, runs.reset_number

),

judged as (

    select
        judged.visitor_key,
        judged.order_id
    from {{ ref('int_events__judged') }} as judged
    inner join progress
        on judged.run_number > progress.read_until

),

visitors as (

    select distinct visitor_key from judged  -- one visitor has many events

),

sightings as (

    select sightings.*
    from {{ ref('int_identities__sightings') }} as sightings
    inner join progress
        on sightings.run_number > progress.read_until

),

customers as (

    select customers.*
    from {{ ref('int_customers__collected') }} as customers
    inner join progress
        on customers.run_number > progress.read_until

),

orders as (

    select * from {{ ref('int_orders__collected') }}

),

lines as (

    select * from {{ ref('int_order_lines__collected') }}

),

order_events as (

    select * from {{ ref('int_events__ordered') }}

),

-- whoever has to do with an order of which anything was told
told_orders as (

    select orders.order_id
    from orders
    inner join progress
        on orders.run_number > progress.read_until

    union

    select orders.refunds_order_id as order_id
    from orders
    inner join progress
        on orders.run_number > progress.read_until
    where orders.refunds_order_id is not null

    union

    select lines.order_id
    from lines
    inner join progress
        on lines.run_number > progress.read_until

    union

    select upper(trim(order_id)) as order_id
    from judged
    where order_id is not null

),

touched_orders as (

    select order_id from told_orders

    union

    select orders.refunds_order_id as order_id
    from orders
    inner join told_orders
        on orders.order_id = told_orders.order_id
    where orders.refunds_order_id is not null

    union

    select orders.order_id
    from orders
    inner join told_orders
        on orders.refunds_order_id = told_orders.order_id

),

records as (

    select
        login,
        customer_id,
        email_hash,
        phone_hash,
        anonymous_id,
        click_id
    from sightings

    union

    select
        cast(null as varchar) as login,
        cast(null as varchar) as customer_id,
        cast(null as varchar) as email_hash,
        cast(null as varchar) as phone_hash,
        linked_anonymous_id as anonymous_id,
        cast(null as varchar) as click_id
    from sightings

    union

    select
        login,
        customer_id,
        email_hash,
        phone_hash,
        cast(null as varchar) as anonymous_id,
        cast(null as varchar) as click_id
    from customers

    union

    select
        login,
        customer_id,
        email_hash,
        cast(null as varchar) as phone_hash,
        cast(null as varchar) as anonymous_id,
        cast(null as varchar) as click_id
    from orders
    where order_id in (select touched_orders.order_id from touched_orders)

    union

    select
        cast(null as varchar) as login,
        customer_id,
        cast(null as varchar) as email_hash,
        cast(null as varchar) as phone_hash,
        cast(null as varchar) as anonymous_id,
        cast(null as varchar) as click_id
    from lines
    where order_id in (select touched_orders.order_id from touched_orders)

    union

    select
        login,
        customer_id,
        email_hash,
        phone_hash,
        anonymous_id,
        click_id
    from order_events
    where order_key in (select touched_orders.order_id from touched_orders)

),

mentioned as (

    {% for kind, column in identifiers.items() -%}
        select
            '{{ kind }}' as identifier_kind,
            {{ column }} as identifier_value
        from records
        where {{ column }} is not null

        union

    {% endfor -%}
    select
        erased.identifier_kind,
        erased.identifier_value
    from {{ ref('int_identities__erased') }} as erased
    inner join progress
        on erased.run_number > progress.read_until

),

-- whoever was known together with one that is touched is resolved anew with it
clusters as (

    select known.cluster_key
    from known
    inner join mentioned
        on
            known.identifier_kind = mentioned.identifier_kind
            and known.identifier_value = mentioned.identifier_value

    union

    select known.cluster_key
    from known
    inner join visitors
        on known.visitor_key = visitors.visitor_key

),

touched as (

    select
        identifier_kind,
        identifier_value
    from known
    where cluster_key in (select clusters.cluster_key from clusters)

    union

    select
        identifier_kind,
        identifier_value
    from mentioned

),

final as (

    select
        touched.identifier_kind,
        touched.identifier_value,
        {{ visitor_key('touched.identifier_kind', 'touched.identifier_value') }} as visitor_key,
        -- a table that is built anew needs everybody
        {{ 'false' if known else 'true' }} as is_everybody,
        progress.run_number
    from touched
    cross join progress

)

select * from final
