with

final as (

    select
        -- six channels, three devices, the rest of both, and one number for the country
        {{ encoded_dimensions() | length }} as encoded_count,
        {{ item_dimensions() | length }} as item_count,
        {{ clustering_dimensions() | length }} as dimension_count,
        {{ clustering_dimensions() | unique | list | length }} as distinct_count,
        {{ catalogued_features() | length }} as feature_count,
        '{{ encoded_dimensions() | map(attribute="name") | join(" ") }}' as encoded_names,
        '{{ item_dimensions() | map(attribute="name") | join(" ") }}' as item_names

)

select * from final
where
    encoded_count <> 12
    or item_count <> 11
    or dimension_count <> feature_count + item_count + encoded_count
    or distinct_count <> dimension_count
    or encoded_names not like 'acquisition_channel_1 % acquisition_channel_other country_target %'
    or item_names not like 'category_embedding_1 % path_shares_4 path_entropy'
