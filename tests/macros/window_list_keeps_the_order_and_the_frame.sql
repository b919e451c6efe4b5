with

cases as (

    select
        unnest([1, 2, 3]) as place,
        unnest([7, 5, 6]) as given,
        unnest([
            '["0000000000000007"]',
            '["0000000000000007","0000000000000005"]',
            '["0000000000000005","0000000000000006"]'
        ]) as expected

),

final as (

    select
        expected,
        {{ window_list('given', 'order by place rows between 1 preceding and current row') }}
            as actual
    from cases

)

select * from final
where {{ event_ids_json('actual') }} is distinct from expected
