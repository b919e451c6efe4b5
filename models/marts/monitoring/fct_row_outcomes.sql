with

outcomes as (

    select * from {{ ref('int_rows__outcomes') }}

),

final as (

    select
        {{ surrogate_key([
            'loaded_date', 'source', 'source_table', 'outcome', 'outcome_reason', 'currency'
        ]) }} as row_outcome_id,
        loaded_date,
        source,
        source_table,
        outcome,
        outcome_reason,
        currency,
        row_count,
        amount
    from outcomes

)

select * from final
