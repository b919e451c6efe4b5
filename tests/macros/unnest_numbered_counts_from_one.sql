with

cases as (

    select unnest([['x', 'y'], [], null]) as given

),

unfolded as (

    select {{ unnest_numbered('given') }} as entry
    from cases

),

final as (

    select string_agg(entry['number'] || entry['value'], ',' order by entry['number']) as actual
    from unfolded

)

select * from final
where actual is distinct from '1x,2y'
