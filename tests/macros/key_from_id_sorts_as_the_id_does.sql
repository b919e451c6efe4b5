with

numbers as (

    select unnest(range(5000)) as given

),

ids as (

    select md5(cast(given as varchar)) as id from numbers
    union all
    -- the ends, and both sides of the highest bit
    select unnest([
        '00000000000000000000000000000000',
        '7fffffffffffffffffffffffffffffff',
        '80000000000000000000000000000000',
        'ffffffffffffffffffffffffffffffff'
    ]) as id

),

ordered as (

    select
        id,
        {{ key_from_id('id') }} as actual,
        lag({{ key_from_id('id') }}) over (order by id) as previous
    from ids

),

final as (

    select
        *,
        case id
            when '00000000000000000000000000000000' then 0
            when '7fffffffffffffffffffffffffffffff' then 9223372036854775807
            when '80000000000000000000000000000000' then 9223372036854775808
            when 'ffffffffffffffffffffffffffffffff' then 18446744073709551615
        end as expected
    from ordered

)

select * from final
where
    actual <= previous
    or actual is null
    or actual <> expected
