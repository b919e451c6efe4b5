{{ config(
    materialized='incremental', incremental_strategy='replace', unique_key='row_key',
    on_schema_change='fail'
) }}
{% set last_read = known_read_until() %}

-- depends_on: {{ ref('int_events__judged') }}
with

progress as (

    {{ progress() }}

),

{% if is_incremental() -%}
    -- rows that were judged anew: those that are not kept any more lose their items
    touched as (

        select judged.row_key
        from {{ ref('int_events__judged') }} as judged
        where
            {{ since('judged', last_read) }}
            and judged.source = 'ga4'

    ),

{% endif -%}
events as (

    select * from {{ ref('int_events__enriched') }}
    where
        source = 'ga4'  -- noqa: LT02
        {%- if is_incremental() %}
            and row_key in (select touched.row_key from touched)
        {%- endif %}

),

ga4_items as (

    select
        *,
        {{ row_key('batch', 'source_line') }} as row_key
    from {{ ref('int_event_items__collected') }}

),

unfolded as (

    select
        events.row_key,
        ga4_items.item_number,
        ga4_items.product_id,
        ga4_items.category,
        ga4_items.quantity,
        ga4_items.price,
        coalesce(
            ga4_items.revenue,
            case
                when events.event_name = 'purchase'
                    then cast(ga4_items.price * ga4_items.quantity as decimal(18, 4))
            end
        ) as revenue
    from events
    inner join ga4_items
        on events.row_key = ga4_items.row_key

),

final as (

    select
        unfolded.row_key,
        unfolded.item_number,
        unfolded.product_id,
        unfolded.category,
        unfolded.quantity,
        unfolded.price,
        unfolded.revenue,
        false as is_removed,
        progress.run_number
    from unfolded
    cross join progress

    {% if is_incremental() -%}
        union all

        select
            touched.row_key,
            cast(null as integer) as item_number,
            cast(null as varchar) as product_id,
            cast(null as varchar) as category,
            cast(null as decimal(18, 4)) as quantity,
            cast(null as decimal(18, 4)) as price,
            cast(null as decimal(18, 4)) as revenue,
            true as is_removed,
            progress.run_number
        from touched
        cross join progress
        -- nothing goes where no event has several items
        where touched.row_key in (select stored.row_key from {{ this }} as stored)
    {%- endif %}

)

select * from final
