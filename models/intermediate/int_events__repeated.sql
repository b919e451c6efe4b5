with

usable as (

    select
        event_id,
        source,
        batch,
        source_line,
        is_final_export,
        filled_count,
        payload_hash,
        loaded_at
    from {{ ref('int_events__collected') }}
    where early_outcome is null

),

-- most events come once; only the others are worth sorting
repeated as (

    select event_id
    from usable
    group by event_id
    having count(*) > 1

),

final as (

    select
        usable.event_id,
        usable.source,
        usable.batch,
        usable.source_line,
        row_number() over (
            partition by usable.event_id
            order by
                usable.is_final_export desc,
                usable.filled_count desc,
                usable.payload_hash asc,
                -- equal in content: it does not matter which of them stands
                usable.batch asc,
                usable.source_line asc
        ) as copy_number,
        count(*) over (partition by usable.event_id) as copy_count,
        min(usable.loaded_at) over (partition by usable.event_id) as first_loaded_at
    from usable
    inner join repeated
        on usable.event_id = repeated.event_id

)

select * from final
