{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='row_key',
    on_schema_change='fail'
) }}
{% set columns = [
    'event_key', 'session_key', 'identifier_key', 'source', 'anonymous_id', 'login', 'customer_id',
    'email_hash', 'phone_hash', 'click_id', 'order_key', 'event_name', 'currency', 'quantity',
    'revenue', 'is_internal', 'occurred_at',
] %}
{% set last_read = known_read_until() %}

-- depends_on: {{ ref('int_events__judged') }}
with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    -- rows that were judged anew: those that are not kept any more go
    touched as (

        select judged.row_key
        from {{ ref('int_events__judged') }} as judged
        where {{ since('judged', last_read) }}

        union

        -- rows that are in another session now
        select enriched.row_key
        from {{ ref('int_events__enriched') }} as enriched
        where {{ since('enriched', last_read) }}

    ),

{% endif -%}
ordered as (

    select
        *,
        upper(trim(order_id)) as order_key
    from {{ ref('int_events__enriched') }}
    where
        (order_id is not null or event_name in ('purchase', 'refund'))  -- noqa: LT02
        {%- if is_incremental() %}
            and row_key in (select touched.row_key from touched)
        {%- endif %}

),

final as (

    select
        {{ 'touched' if is_incremental() else 'ordered' }}.row_key,
        {% for column in columns -%}
            ordered.{{ column }},
        {% endfor -%}
        {% if is_incremental() -%}
            ordered.row_key is null as is_removed,
        {%- else -%}
            false as is_removed,
        {%- endif %}
        progress.run_number
    from {{ 'touched' if is_incremental() else 'ordered' }}
    cross join progress
    {%- if is_incremental() %}
        left join ordered
            on touched.row_key = ordered.row_key
    {%- endif %}

)

select * from final
