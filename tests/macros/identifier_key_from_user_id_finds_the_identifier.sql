with

final as (

    select
        {{ identifier_key_from_user_id("md5('login|v')") }} as actual,
        {{ text_number("'login|v'") }} as expected,
        {{ identifier_key_from_user_id("'not a hash'") }} as unknown

)

select * from final
where
    actual <> expected
    or actual is null
    or unknown is not null
