with

features as (

    select * from {{ ref('int_users__current') }}
    where not is_cold_start

),

-- how often a user bought and how lately they were seen: a small segment is a crowd in one
-- of these strata, or in few
stratified as (

    select
        *,
        md5(user_id || '|{{ var("segmentation_seed") }}') as lot,
        case
            when lifetime_order_count = 0 then 'no order'
            when lifetime_order_count = 1 then 'one order'
            when lifetime_order_count < 5 then 'some orders'
            else 'many orders'
        end
        || case
            when recency_days < 7 then ', this week'
            when recency_days < 30 then ', this month'
            when recency_days < 90 then ', this quarter'
            else ', long ago'
        end as stratum
    from features

),

numbered as (

    select
        *,
        -- the same users for the same seed, whatever the order of rows
        row_number() over (partition by stratum order by lot) as stratum_number,
        count(*) over (partition by stratum) as stratum_size
    from stratified

),

-- of every stratum its first users, whatever its share; then of each in proportion
drawn as (

    select
        *,
        row_number() over (
            order by
                case
                    when stratum_number <= greatest(1, {{ var('fit_sample_size') }} / 200) then 0
                    else cast(stratum_number as double) / stratum_size
                end,
                lot
        ) as draw_number
    from numbered

),

final as (

    select
        {%- for feature in catalogued_features() %}
            cast({{ feature }} as double) as {{ feature }},
        {%- endfor %}
        {%- for category in catalogued_categories().keys() %}
            {{ category }},
        {%- endfor %}
        user_id
    from drawn
    where draw_number <= {{ var('fit_sample_size') }}

)

select * from final
