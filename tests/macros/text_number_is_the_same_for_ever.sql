with

final as (

    select
        {{ text_number("'u1'") }} as actual,
        {{ text_number('cast(null as varchar)') }} as unknown

)

select * from final
where
    actual <> 8231355738819960771
    or unknown is not null
