{% set dimensions = clustering_dimensions() %}

with

users as (

    select * from {{ ref('seg_users__scaled') }}
    where
        period = 'current'
        and is_champion

),

clustered as (

    select distinct  -- each segment has a centre for the same features
        model_version,
        feature
    from {{ ref('seg_segment_centers') }}

),

unfolded as (

    {% for dimension in dimensions -%}
        select
            users.user_id,
            '{{ dimension }}' as feature,
            users.{{ dimension }} as scaled_value
        from users
        inner join clustered
            on
                users.model_version = clustered.model_version
                and clustered.feature = '{{ dimension }}'
        where users.{{ dimension }} is not null
        {% if not loop.last %}
            union all

        {% endif -%}
    {%- endfor %}

),

ranked as (

    select
        *,
        row_number() over (
            partition by user_id
            order by abs(scaled_value) desc, feature asc
        ) as driver_number
    from unfolded

),

final as (

    select
        user_id,
        {{ ordered_text(
            "feature || case when scaled_value >= 0 then ' +' else ' ' end || cast(cast(scaled_value as decimal(9, 1)) as varchar)",
            'driver_number',
            ', '
        ) }} as top_drivers,
        max(abs(scaled_value)) as largest_deviation
    from ranked
    where driver_number <= 3
    group by user_id

)

select * from final
