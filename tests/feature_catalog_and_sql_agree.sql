-- SQL needs the names of features before it can read the seed, so they stand in macros too:
-- catalogued_features, catalogued_categories, catalogued_items and imputed_features.
{% set imputers = {} -%}
{% for imputer, features in imputed_features().items() -%}
    {% for feature, count in features.items() -%}
        {% do imputers.update({feature: imputer ~ ' ' ~ (count or '')}) -%}
    {% endfor -%}
{% endfor -%}
{% set encoded = [] -%}
{% for catalogued in [catalogued_categories(), catalogued_items()] -%}
    {% for feature, how in catalogued.items() -%}
        {% do encoded.append({'feature': feature, 'encode': how.encode, 'count': how.count}) -%}
    {% endfor -%}
{% endfor -%}
with

in_sql as (

    {% for feature in catalogued_features() -%}
        select
            '{{ feature }}' as feature,
            'none' as encode,
            '{{ imputers.get(feature, '') }}' as imputer,
            0 as level_count
        union all
    {% endfor %}
    {% for one in encoded -%}
        select
            '{{ one.feature }}' as feature,
            '{{ one.encode }}' as encode,
            '' as imputer,
            {{ one.count }} as level_count
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

in_seed as (

    select
        feature,
        encode,
        case
            when impute in ('knn', 'model') then impute || ' ' || coalesce(missing_without, '')
            else ''
        end as imputer,
        coalesce(encode_top_count, 0) as level_count
    from {{ ref('feature_catalog') }}

)

select
    coalesce(in_sql.feature, in_seed.feature) as feature,
    in_sql.encode as sql_encode,
    in_seed.encode as seed_encode,
    in_sql.imputer as sql_imputer,
    in_seed.imputer as seed_imputer,
    in_sql.level_count as sql_level_count,
    in_seed.level_count as seed_level_count
from in_sql
full outer join in_seed
    on in_sql.feature = in_seed.feature
where
    in_sql.level_count is null
    or in_seed.level_count is null
    or in_sql.level_count <> in_seed.level_count
    or in_sql.encode <> in_seed.encode
    or in_sql.imputer <> in_seed.imputer
