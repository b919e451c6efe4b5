with

consents as (

    select * from {{ ref('int_consents__collected') }}
    where unusable_reason is null

),

customers as (

    -- folds the delivered states of one customer
    select
        customer_id,
        login,
        email_hash,
        min(run_number) as run_number
    from {{ ref('int_customers__collected') }}
    where
        unusable_reason is null
        and customer_id is not null
    group by customer_id, login, email_hash

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

spread as (

    select
        'customer' as identifier_kind,
        customer_id as identifier_value,
        analytics,
        marketing,
        changed_at,
        run_number
    from consents
    union all
    select
        'login' as identifier_kind,
        login as identifier_value,
        analytics,
        marketing,
        changed_at,
        run_number
    from consents
    union all
    select
        'anonymous' as identifier_kind,
        anonymous_id as identifier_value,
        analytics,
        marketing,
        changed_at,
        run_number
    from consents
    union all
    select
        'email' as identifier_kind,
        email_hash as identifier_value,
        analytics,
        marketing,
        changed_at,
        run_number
    from consents
    union all
    select
        'login' as identifier_kind,
        customers.login as identifier_value,
        consents.analytics,
        consents.marketing,
        consents.changed_at,
        greatest(consents.run_number, customers.run_number) as run_number
    from consents
    inner join customers
        on consents.customer_id = customers.customer_id
    where consents.login is null

    union all

    select
        'email' as identifier_kind,
        customers.email_hash as identifier_value,
        consents.analytics,
        consents.marketing,
        consents.changed_at,
        greatest(consents.run_number, customers.run_number) as run_number
    from consents
    inner join customers
        on consents.customer_id = customers.customer_id
    where consents.email_hash is null

),

-- of two records of one moment the stricter holds
moments as (

    select
        spread.identifier_kind,
        spread.identifier_value,
        spread.changed_at,
        min(spread.analytics) as analytics,
        min(spread.marketing) as marketing,
        max(spread.run_number) as run_number
    from spread
    cross join clock
    where
        spread.identifier_value is not null
        and {{ known_at('spread.changed_at', 'clock.as_of') }}
    group by spread.identifier_kind, spread.identifier_value, spread.changed_at

),

-- a record that says nothing of one purpose leaves its earlier answer as it was
answered as (

    select
        *,
        count(analytics) over identifier_timeline as analytics_answers,
        count(marketing) over identifier_timeline as marketing_answers
    from moments
    window identifier_timeline as (
        partition by identifier_kind, identifier_value
        order by changed_at
        rows between unbounded preceding and current row
    )

),

final as (

    select
        identifier_kind,
        identifier_value,
        coalesce(
            max(analytics) over (
                partition by identifier_kind, identifier_value, analytics_answers
            ),
            'unknown'
        ) as analytics,
        coalesce(
            max(marketing) over (
                partition by identifier_kind, identifier_value, marketing_answers
            ),
            'unknown'
        ) as marketing,
        -- the run that told the newest of the identifier's answers
        max(run_number) over (partition by identifier_kind, identifier_value) as run_number,
        changed_at as valid_from,
        lead(changed_at) over (
            partition by identifier_kind, identifier_value
            order by changed_at
        ) as valid_to
    from answered

)

select * from final
