{% set dimensions = clustering_dimensions() %}

with

users as (

    select * from {{ ref('seg_users__scaled') }}
    where
        period = 'current'
        and is_champion

),

assigned as (

    select * from {{ ref('seg_users__assigned') }}

),

centers as (

    select * from {{ ref('seg_segment_centers') }}

),

-- a segment of several cores is where the middle of them is
wide as (

    select
        model_version,
        {%- for dimension in dimensions %}
            avg(case when feature = '{{ dimension }}' then center end) as {{ dimension }},
            avg(case when feature = '{{ dimension }}' then scale end)
                as {{ dimension }}__scale,
        {%- endfor %}
        segment_id
    from centers
    group by model_version, segment_id

),

-- how much nearer a feature brings the user to the segment than to the runner-up; without
-- one, how far it sets the user apart. What the model does not cluster on pulls nowhere
pulled as (

    select
        {%- for dimension in dimensions %}
            users.{{ dimension }},
            case
                when own.{{ dimension }} is null then 0
                when other.{{ dimension }} is null then coalesce(power(users.{{ dimension }}, 2), 0)
                else coalesce(
                    power(
                        (users.{{ dimension }} - other.{{ dimension }})
                        * other.{{ dimension }}__scale, 2
                    ) - power(
                        (users.{{ dimension }} - own.{{ dimension }})
                        * own.{{ dimension }}__scale, 2
                    ),
                    0
                )
            end as {{ dimension }}__pull,
        {%- endfor %}
        assigned.user_id
    from assigned
    inner join users
        on assigned.user_id = users.user_id
    inner join wide as own
        on
            assigned.model_version = own.model_version
            and assigned.segment_id = own.segment_id
    left join wide as other
        on
            assigned.model_version = other.model_version
            and assigned.runner_up_segment_id = other.segment_id
    -- of whom nothing was seen there is nothing to say
    where assigned.method <> 'prior'

),

{% set candidates = [] %}
{% for dimension in dimensions %}
    {% do candidates.append({
        'name': dimension, 'number': dimension, 'strength': dimension ~ '__pull'
    }) %}
{% endfor %}
final as (

    select
        user_id,
        {{ top_named(candidates, 3) }} as top_drivers
    from pulled

)

select * from final
