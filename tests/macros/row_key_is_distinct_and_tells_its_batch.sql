with

batches as (

    select unnest([1, 2, 3, 2000000]) as batch

),

lines as (

    select unnest([1, 2, 4294967294, 4294967295]) as source_line

),

cases as (

    select
        batches.batch,
        lines.source_line
    from batches
    cross join lines

),

keyed as (

    select
        batch,
        source_line,
        {{ row_key('batch', 'source_line') }} as actual
    from cases

),

final as (

    select
        *,
        {{ batch_of('actual') }} as actual_batch,
        count(*) over (partition by actual) as key_count,
        -- rows sort by batch and line
        lag(actual) over (order by batch, source_line) as previous
    from keyed

)

select * from final
where
    key_count <> 1
    or actual <= previous
    or actual_batch <> batch
    or (batch = 1 and source_line = 2 and actual <> 4294967298)
