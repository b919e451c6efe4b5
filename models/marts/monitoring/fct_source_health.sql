{% set quarantine = [
    'unparsable', 'no_id', 'impossible_time', 'erased', 'bot_pattern', 'no_consent', 'bot_behaviour'
] %}

with

outcomes as (

    select * from {{ ref('int_rows__outcomes') }}

),

events as (

    select * from {{ ref('int_events__resolved') }}

),

clock as (

    select * from {{ ref('int_time__resolved') }}

),

counted as (

    select
        loaded_date,
        source,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(case when outcome = 'kept' then row_count else 0 end) as bigint) as kept_count,
        {%- for reason in quarantine %}
            cast(sum(case when outcome = '{{ reason }}' then row_count else 0 end) as bigint)
                as {{ reason }}_count,
        {%- endfor %}
        cast(sum(case when outcome = 'duplicate' then row_count else 0 end) as bigint)
            as duplicate_count
    from outcomes
    group by loaded_date, source

),

arrived as (

    select
        cast(loaded_at as date) as loaded_date,
        source,
        count(case when lateness_seconds > {{ var('late_after_hours') }} * 3600 then 1 end)
            as late_count,
        count(case when is_unmapped then 1 end) as unmapped_count,
        max(occurred_at) as newest_occurred_at
    from events
    group by cast(loaded_at as date), source

),

final as (

    select
        {{ surrogate_key(['counted.loaded_date', 'counted.source']) }} as source_health_id,
        counted.loaded_date as day,
        counted.source,
        counted.row_count,
        counted.kept_count,
        counted.duplicate_count,
        {%- for reason in quarantine %}
            counted.{{ reason }}_count,
        {%- endfor %}
        coalesce({{ safe_ratio(
            'counted.row_count - counted.kept_count - counted.duplicate_count', 'counted.row_count'
        ) }}, 0) as quarantined_share,
        coalesce(arrived.late_count, 0) as late_count,
        coalesce(arrived.unmapped_count, 0) as unmapped_count,
        arrived.newest_occurred_at,
        {{ days_between('arrived.newest_occurred_at', 'clock.as_of') }} * 24 as freshness_hours
    from counted
    cross join clock
    left join arrived
        on
            counted.loaded_date = arrived.loaded_date
            and counted.source = arrived.source

)

select * from final
