with

final as (

    select
        {{ text_number("'u1'") }} as actual,
        {{ text_number('cast(null as varchar)') }} as unknown

)

select * from final
where
    actual <> 6500626792641308448
    or unknown is not null
