with

final as (

    select
        {{ place_in_draw("'experiment'", "'visitor'") }} as actual,
        {{ place_in_draw("'experiment'", 'cast(null as varchar)') }} as unknown

)

select * from final
where
    actual <> 699411
    or actual is null
    or unknown is not null
