-- SQL needs the names of features before it can read the seed, so they stand in a macro
-- too. Add the feature to macros/catalogued_features.sql or catalogued_categories.sql.
with

in_sql as (

    {% for feature in catalogued_features() -%}
        select
            '{{ feature }}' as feature,
            0 as level_count
        union all
    {% endfor -%}
    {% for category, level_count in catalogued_categories().items() -%}
        select
            '{{ category }}' as feature,
            {{ level_count }} as level_count
                {{ 'union all' if not loop.last }} -- noqa: LT02
    {% endfor %}

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
