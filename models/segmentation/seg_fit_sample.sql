with

features as (

    select * from {{ ref('int_users__current') }}
    where not is_cold_start

),

drawn as (

    select
        *,
        -- the same users for the same seed, whatever the order of rows
        row_number() over (
            order by md5(user_id || '|{{ var("segmentation_seed") }}')
        ) as draw_number
    from features

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
