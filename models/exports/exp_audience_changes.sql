with

changes as (

    select * from {{ ref('seg_audience_changes') }}

),

users as (

    select * from {{ ref('dim_users') }}

),

final as (

    select
        changes.change_number,
        changes.user_id,
        users.customer_id,
        changes.operation,
        changes.from_segment_id,
        changes.to_segment_id,
        changes.from_persona_id,
        changes.to_persona_id,
        changes.changed_at
    from changes
    left join users
        on changes.user_id = users.user_id
    where
        changes.operation = 'exited'
        or (users.marketing_consent = 'granted' and users.analytics_consent <> 'denied')

)

select * from final
