{#- Which columns of a record hold which kind of identifier; the first four are strong. -#}
{% set strong = [
    ('login', 'login'), ('customer', 'customer_id'), ('email', 'email_hash'), ('phone', 'phone_hash')
] %}
{% set weak = [
    ('anonymous', 'anonymous_id'), ('anonymous', 'linked_anonymous_id'), ('click', 'click_id')
] %}

with

touched as (

    select * from {{ ref('int_identities__touched') }}

),

sightings as (

    select * from {{ ref('int_identities__sightings') }}
    where visitor_key in (select touched.visitor_key from touched)

),

customers as (

    select * from {{ ref('int_customers__versioned') }}
    where
        {% for kind, identifier in strong -%}
            {{ 'or ' if not loop.first }}{{ identifier }} in (
                select touched.identifier_value from touched
                where touched.identifier_kind = '{{ kind }}'
            )
        {% endfor %}
),

orders as (

    select * from {{ ref('int_orders__headed') }}
    where
        {% for kind, identifier in strong[:3] -%}
            {{ 'or ' if not loop.first }}{{ identifier }} in (
                select touched.identifier_value from touched
                where touched.identifier_kind = '{{ kind }}'
            )
        {% endfor %}
),

lines as (

    select * from {{ ref('int_orders__lined') }}
    where
        outcome = 'kept'
        and customer_id in (
            select touched.identifier_value from touched
            where touched.identifier_kind = 'customer'
        )

),

seen_together as (

    select
        anonymous_id,
        linked_anonymous_id,
        click_id,
        login,
        customer_id,
        email_hash,
        phone_hash,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from sightings
    group by
        anonymous_id,
        linked_anonymous_id,
        click_id,
        login,
        customer_id,
        email_hash,
        phone_hash

),

records as (

    select * from seen_together

    union all

    select
        cast(null as varchar) as anonymous_id,
        cast(null as varchar) as linked_anonymous_id,
        cast(null as varchar) as click_id,
        login,
        customer_id,
        email_hash,
        phone_hash,
        coalesce(signed_up_at, updated_at, loaded_at) as first_seen_at,
        coalesce(updated_at, signed_up_at, loaded_at) as last_seen_at
    from customers

    union all

    select
        cast(null as varchar) as anonymous_id,
        cast(null as varchar) as linked_anonymous_id,
        cast(null as varchar) as click_id,
        login,
        customer_id,
        email_hash,
        cast(null as varchar) as phone_hash,
        ordered_at as first_seen_at,
        ordered_at as last_seen_at
    from orders
    where ordered_at is not null

    union all

    select
        cast(null as varchar) as anonymous_id,
        cast(null as varchar) as linked_anonymous_id,
        cast(null as varchar) as click_id,
        cast(null as varchar) as login,
        customer_id,
        cast(null as varchar) as email_hash,
        cast(null as varchar) as phone_hash,
        min(ordered_at) as first_seen_at,
        max(ordered_at) as last_seen_at
    from lines
    where
        customer_id is not null
        and ordered_at is not null
    group by customer_id

),

edges as (

    {% for kind, identifier in strong + weak -%}
    -- an edge to itself declares the identifier
        select
            '{{ kind }}' as left_kind,
            {{ identifier }} as left_value,
            '{{ kind }}' as right_kind,
            {{ identifier }} as right_value,
            {{ 'true' if loop.index <= strong | length else 'false' }} as is_strong,
            first_seen_at,
            last_seen_at
        from records
        where {{ identifier }} is not null

        union all

    {% endfor -%}
    {% for kind, identifier in strong -%}
        {% for other_kind, other_identifier in strong[loop.index:] -%}
            select
                '{{ kind }}' as left_kind,
                {{ identifier }} as left_value,
                '{{ other_kind }}' as right_kind,
                {{ other_identifier }} as right_value,
                true as is_strong,
                first_seen_at,
                last_seen_at
            from records
            where
                {{ identifier }} is not null
                and {{ other_identifier }} is not null

            union all

        {% endfor -%}
    {% endfor -%}
    {% for kind, identifier in weak -%}
        {% for other_kind, other_identifier in weak[loop.index:] -%}
            select
                '{{ kind }}' as left_kind,
                {{ identifier }} as left_value,
                '{{ other_kind }}' as right_kind,
                {{ other_identifier }} as right_value,
                false as is_strong,
                first_seen_at,
                last_seen_at
            from records
            where
                {{ identifier }} is not null
                and {{ other_identifier }} is not null

            union all

        {% endfor -%}
        -- the strong identifier that says most about who it is
        select
            '{{ kind }}' as left_kind,
            {{ identifier }} as left_value,
            case
                when login is not null then 'login'
                when customer_id is not null then 'customer'
                when email_hash is not null then 'email'
                else 'phone'
            end as right_kind,
            coalesce(login, customer_id, email_hash, phone_hash) as right_value,
            false as is_strong,
            first_seen_at,
            last_seen_at
        from records
        where
            {{ identifier }} is not null
            and coalesce(login, customer_id, email_hash, phone_hash) is not null
                {{ 'union all' if not loop.last }} -- noqa: LT02

    {% endfor %}

),

final as (

    select
        left_kind,
        left_value,
        right_kind,
        right_value,
        is_strong,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from edges
    group by left_kind, left_value, right_kind, right_value, is_strong

)

select * from final
