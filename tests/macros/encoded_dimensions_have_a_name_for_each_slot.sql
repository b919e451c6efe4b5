with

final as (

    select
        {{ encoded_dimensions() | length }} as encoded_count,
        {{ catalogued_categories().values() | sum }} as slot_count,
        {{ clustering_dimensions() | length }} as dimension_count,
        {{ clustering_dimensions() | unique | list | length }} as distinct_count,
        {{ catalogued_features() | length }} as feature_count,
        '{{ encoded_dimensions()[0].name }}' as first_name

)

select * from final
where
    encoded_count <> slot_count
    or dimension_count <> feature_count + encoded_count
    or distinct_count <> dimension_count
    or first_name <> '{{ encoded_dimensions()[0].category }}_1'
