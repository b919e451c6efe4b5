-- GA4's BigQuery export: the records as they are, one JSON object a line.
--
-- `given` holds one record a row, null where a line is no JSON. It is history, so every
-- record is loaded when it happened: `loaded_at` is put in front of its own text, which
-- otherwise stays untouched, numbers included.

copy (
    with

    lines as (

        select
            -- an object may span lines in a file that is one array
            trim(translate(cast(record as varchar), chr(10) || chr(13), '  ')) as line,
            json_extract_string(record, '$.event_timestamp') as happened_at,
            json_extract_string(record, '$.loaded_at') as given_loaded_at
        from given

    )

    select
        case
            -- what cannot be parsed is landed as such, rejected and counted
            when line is null then '{'
            when given_loaded_at is null and regexp_full_match(happened_at, '[0-9]{16}')
                then '{"loaded_at":' || happened_at || ',' || substr(line, 2)
            else line
        end as line
    from lines
) to (
    getvariable('inbox') || '/ga4/events/' || getvariable('name') || '.ndjson.gz'
) (format csv, header false, quote '', escape '', delimiter e'\x01', compression gzip);

-- what the runner prints
select count(*) || ' lines are no JSON and will be rejected' as note
from given
where record is null
having count(*) > 0;
