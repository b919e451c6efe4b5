{% set quarantine = [
    'unparsable', 'no_id', 'impossible_time', 'erased', 'bot_pattern', 'no_consent', 'bot_behaviour'
] %}

with

outcomes as (

    select * from {{ ref('int_rows__outcomes') }}

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
            as duplicate_count,
        cast(sum(late_count) as bigint) as late_count,
        cast(sum(unmapped_count) as bigint) as unmapped_count,
        max(newest_occurred_at) as newest_occurred_at
    from outcomes
    group by loaded_date, source

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
        counted.late_count,
        counted.unmapped_count,
        counted.newest_occurred_at,
        {{ days_between('counted.newest_occurred_at', 'clock.as_of') }} * 24 as freshness_hours
    from counted
    cross join clock

)

select * from final
