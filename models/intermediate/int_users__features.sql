{{ config(materialized='view') }}

with

users as (

    select * from {{ ref('int_users__current') }}

),

weeks as (

    select * from {{ ref('int_users__measured') }}
    where period = 'week'

),

final as (

    select * from users
    union all
    select * from weeks

)

select * from final
