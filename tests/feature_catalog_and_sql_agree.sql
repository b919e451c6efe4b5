-- SQL needs the names of features before it can read the seed, so they stand in a macro
-- too. Add the feature to macros/catalogued_features.sql or catalogued_categories.sql.
with

in_sql as (

    select
        unnest([
            {%- for feature in catalogued_features() %}
                '{{ feature }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ]) as feature,
        0 as level_count

    union all

    select
        unnest([
            {%- for category in catalogued_categories() %}
                '{{ category }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ]) as feature,
        unnest([{{ catalogued_categories().values() | join(', ') }}]) as level_count

),

in_seed as (

    select
        feature,
        coalesce(encode_top_count, 0) as level_count
    from {{ ref('feature_catalog') }}

)

select
    coalesce(in_sql.feature, in_seed.feature) as feature,
    in_sql.level_count as sql_level_count,
    in_seed.level_count as seed_level_count
from in_sql
full outer join in_seed
    on in_sql.feature = in_seed.feature
where
    in_sql.level_count is null
    or in_seed.level_count is null
    or in_sql.level_count <> in_seed.level_count
