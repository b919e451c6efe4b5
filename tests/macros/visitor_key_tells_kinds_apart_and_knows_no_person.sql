with

cases as (

    select
        unnest(['anonymous', 'login', 'email', 'click', 'customer', 'phone']) as kind,
        unnest(['u1', 'login:u1', 'email:u1', 'click:u1', null, null]) as device

),

final as (

    select
        kind,
        {{ visitor_key('kind', "'u1'") }} as actual,
        -- the same as a device that is told by the identifier has
        {{ text_number('device') }} as expected
    from cases

)

select * from final
where actual is distinct from expected
