{{ config(severity='warn') }}
-- A history longer than `slice_rows` is taken in by several runs: until the last one, every
-- table is of a part of what has landed.
select
    batch,
    source,
    source_table,
    source_file,
    rows_in
from {{ ref('stg_landing__batches') }}
where batch > (select max(int_batches__read.batch) from {{ ref('int_batches__read') }})
