{% set features = catalogued_features() %}

with

features as (

    select * from {{ ref('int_users__current') }}

),

assigned as (

    select * from {{ ref('seg_users__assigned') }}

),

drawn as (

    select
        features.*,
        assigned.segment_id,
        assigned.is_outlier,
        -- a scatter plot needs no more, whatever the number of users
        row_number() over (
            order by md5(features.user_id || '|{{ var("segmentation_seed") }}')
        ) as draw_number
    from features
    inner join assigned
        on features.user_id = assigned.user_id

),

final as (

    select
        user_id,
        segment_id,
        {%- for feature in features %}
            cast({{ feature }} as double) as {{ feature }},
        {%- endfor %}
        is_outlier
    from drawn
    where draw_number <= 2000

)

select * from final
