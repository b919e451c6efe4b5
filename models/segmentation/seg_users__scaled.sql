{{ config(materialized='view') }}

{% set features = catalogued_features() %}
{% set regressed = imputed_features().model %}
{% set neighboured = imputed_features().knn %}
{% set known, is_known = [], [] -%}
{% for feature in features -%}
    {% do known.append('coalesce(standardised.' ~ feature ~ ', 0)') -%}
    {% do is_known.append('case when standardised.' ~ feature ~ ' is null then 0 else 1 end') -%}
{% endfor %}
{% set made = item_dimensions() | map(attribute='name') | list %}
{% set parameters = ['standard_fill', 'weight', 'impute', 'is_clustered'] %}

with

standardised as (

    select * from {{ ref('seg_users__standardised') }}

),

learned as (

    select * from {{ ref('seg_feature_parameters') }}

),

-- every model ever fitted has its donors there
artifacts as (

    select artifacts.*
    from {{ ref('seg_model_artifacts') }} as artifacts
    inner join {{ ref('seg_models__live') }} as live
        on artifacts.model_version = live.model_version

),

-- the coefficients of a regression in the order of the features, the intercept first
regressions as (

    select
        model_version,
        feature,
        max(case when name = 'fill_lower' then value end) as fill_lower,
        max(case when name = 'fill_upper' then value end) as fill_upper,
        {% set coefficients = ["coalesce(max(case when name = 'intercept' then value end), 0)"] -%}
        {% for feature in features -%}
            {% do coefficients.append("coalesce(max(case when name = '" ~ feature ~ "' then value end), 0)") -%}
        {% endfor -%}
        {{ number_list(coefficients) }} as coefficients
    from artifacts
    where record = 'regression'
    group by model_version, feature

),

-- where each donor stands by each feature; one that tells nothing of the gap stands at 0
places as (

    select
        model_version,
        feature,
        cluster_number as donor_number,
        max(case when name = 'value' then value end) as donor_value,
        {% set place, square, relevance = [], [], [] -%}
        {% for feature in features -%}
            {% do place.append("coalesce(max(case when name = '" ~ feature ~ "' then value end), 0)") -%}
            {% do square.append("coalesce(max(case when name = '" ~ feature ~ "' then value * value end), 0)") -%}
            {% do relevance.append("count(case when name = '" ~ feature ~ "' then 1 end)") -%}
        {% endfor -%}
        {{ number_list(place) }} as place,
        {{ number_list(square) }} as square,
        {{ number_list(relevance) }} as relevance
    from artifacts
    where record = 'donor'
    group by model_version, feature, cluster_number

),

donors as (

    select
        model_version,
        feature,
        {{ ordered_list('donor_value', 'donor_number') }} as donor_values,
        {{ ordered_list('place', 'donor_number') }} as places,
        {{ ordered_list('square', 'donor_number') }} as squares,
        max(relevance) as relevance
    from places
    group by model_version, feature

),

levels as (

    select
        model_version
        {%- for dimension in encoded_dimensions() %}
            ,
            max(
                case
                    when
                        feature = '{{ dimension.category }}' and name = '{{ dimension.slot }}'
                        then text
                end
            ) as {{ dimension.name }}__level
    
        {%- endfor %}
    from artifacts
    where record = 'level'
    group by model_version

),

{% for category, how in catalogued_categories().items() if how.encode == 'target' -%}
    {{ category }}_levels as (

        select
            model_version,
            name as level,
            value as encoded
        from artifacts
        where
            record = 'encoding'
            and feature = '{{ category }}'

    ),

{% endfor -%}
-- one wide row per model: every user is computed from it without a join per feature
wide as (

    select
        learned.model_version
        {%- for feature in features + made %}
            {%- for parameter in parameters %}
                ,
                max(
                    case when learned.feature = '{{ feature }}' then learned.{{ parameter }} end
                )
                    as {{ feature }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
        {%- for feature in regressed %}
            {%- for parameter in ['coefficients', 'fill_lower', 'fill_upper'] %}
                ,
                max(
                    case
                        when learned.feature = '{{ feature }}' and learned.is_clustered = 1
                            then regressions.{{ parameter }}
                    end
                )
                    as {{ feature }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
        {%- for feature in neighboured %}
            {%- for parameter in ['donor_values', 'places', 'squares', 'relevance'] %}
                ,
                max(
                    case
                        when learned.feature = '{{ feature }}' and learned.is_clustered = 1
                            then donors.{{ parameter }}
                    end
                )
                    as {{ feature }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
        {%- for dimension in encoded_dimensions() %}
            {%- for parameter in ['center', 'scale', 'weight', 'fill_value'] %}
                ,
                max(
                    case
                        when learned.feature = '{{ dimension.name }}' then learned.{{ parameter }}
                    end
                )
                    as {{ dimension.name }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
        {%- for category in catalogued_categories() %}
            ,
            max(case when learned.feature = '{{ category }}' then learned.fill_level end)
                as {{ category }}__fill_level
    
        {%- endfor %}
    from learned
    left join regressions
        on
            learned.model_version = regressions.model_version
            and learned.feature = regressions.feature
    left join donors
        on
            learned.model_version = donors.model_version
            and learned.feature = donors.feature
    group by learned.model_version

),

-- said once for all features that donors fill: statements are planned in a third of the time
listed as (

    select
        *,
        {{ number_list(known) }} as known_numbers,
        {{ number_list(is_known) }} as are_known
    from standardised

),

started as (

    select
        wide.*,
        listed.user_id,
        listed.period,
        listed.as_of,
        {%- for category in catalogued_categories() %}
            coalesce(listed.{{ category }}, wide.{{ category }}__fill_level)
                as {{ category }}__filled,
            listed.{{ category }},
        {%- endfor %}
        {%- for dimension in made %}
            coalesce(listed.{{ dimension }}, wide.{{ dimension }}__standard_fill)
                as {{ dimension }}__filled,
            listed.{{ dimension }},
        {%- endfor %}
        {%- for feature in neighboured %}
            case
                when listed.{{ feature }} is null
                    then coalesce(
                        {{ dot_product('listed.are_known', 'wide.' ~ feature ~ '__relevance') }} > 0,
                        false
                    )
            end as {{ feature }}__has_neighbours,
        {%- endfor %}
        {%- for feature in features %}
            coalesce(
                listed.{{ feature }},
                {%- if feature in neighboured %}
                    case
                        when
                            listed.{{ feature }} is null
                            and {{ dot_product('listed.are_known', 'wide.' ~ feature ~ '__relevance') }} > 0
                            then
                                {{ mean_of_nearest(
                                    'wide.' ~ feature ~ '__donor_values',
                                    'wide.' ~ feature ~ '__places',
                                    'wide.' ~ feature ~ '__squares',
                                    'listed.known_numbers',
                                    'listed.are_known',
                                    5,
                                ) }}
                    end,
                {%- endif %}
                wide.{{ feature }}__standard_fill
            ) as {{ feature }}__filled{{ '_0' if feature in regressed }},
            listed.{{ feature }},
        {%- endfor %}
        listed.is_champion
    from listed
    inner join wide
        on listed.model_version = wide.model_version

),

-- a regression runs again on what it has filled, until it has settled
{% for pass in [1, 2, 3, 4] -%}
    {% set filled = ['1'] -%}
    {% for feature in features -%}
        {% set settled = '_' ~ (pass - 1) if feature in regressed else '' -%}
        {#- a feature newer than the model has neither value nor coefficient #}
        {% do filled.append('coalesce(' ~ feature ~ '__filled' ~ settled ~ ', 0)') -%}
    {% endfor -%}
    filled_{{ pass }} as (

        select
            {%- for feature in regressed %}
                case
                    when {{ feature }} is null and {{ feature }}__coefficients is not null
                        then least(
                            greatest(
                                {{ dot_product(number_list(filled), feature ~ '__coefficients') }},
                                {{ feature }}__fill_lower
                            ),
                            {{ feature }}__fill_upper
                        )
                    else {{ feature }}__filled_{{ pass - 1 }}
                end as {{ feature }}__filled_{{ pass }},
            {%- endfor %}
            *
        from {{ 'started' if pass == 1 else 'filled_' ~ (pass - 1) }}

    ),

{% endfor -%}
encoded as (

    select
        {%- for dimension in encoded_dimensions() %}
            {% if dimension.slot == 'target' -%}
                coalesce({{ dimension.category }}_levels.encoded, filled_4.{{ dimension.name }}__fill_value)
            {%- elif dimension.slot == 'other' -%}
                case
                    {%- for slot in range(1, catalogued_categories()[dimension.category].count + 1) %}
                        when
                            filled_4.{{ dimension.category }}__filled
                            = levels.{{ dimension.category }}_{{ slot }}__level
                            then 0.0
                    {%- endfor %}
                    else 1.0
                end
            {%- else -%}
                case
                    when filled_4.{{ dimension.category }}__filled = levels.{{ dimension.name }}__level
                        then 1.0
                    else 0.0
                end
            {%- endif %} as {{ dimension.name }}__value,
        {%- endfor %}
        filled_4.*
    from filled_4
    left join levels
        on filled_4.model_version = levels.model_version
    {%- for category, how in catalogued_categories().items() if how.encode == 'target' %}
        left join {{ category }}_levels
            on
                filled_4.model_version = {{ category }}_levels.model_version
                and filled_4.{{ category }}__filled = {{ category }}_levels.level
    {%- endfor %}

),

final as (

    select
        user_id,
        period,
        as_of,
        model_version,
        {%- for dimension in encoded_dimensions() %}
            ({{ dimension.name }}__value - {{ dimension.name }}__center)
            / {{ dimension.name }}__scale
            * {{ dimension.name }}__weight as {{ dimension.name }},
        {%- endfor %}
        {%- for dimension in made %}
            {{ dimension }}__filled * {{ dimension }}__weight as {{ dimension }},
        {%- endfor %}
        {%- for feature in features %}
            {{ feature }}__filled{{ '_4' if feature in regressed }} * {{ feature }}__weight as {{ feature }},
        {%- endfor %}
        -- only of features that the model clusters on: what else was filled moves nobody
        trim(
            {%- for feature in features + made %}
                case
                    when {{ feature }} is null and {{ feature }}__is_clustered = 1
                        then
                            '{{ feature }}:'
                            {%- if feature in neighboured %}
                                || case
                                    when not {{ feature }}__has_neighbours
                                        then 'median'
                                    else {{ feature }}__impute
                                end
                            {%- else %}
                                || {{ feature }}__impute
                            {%- endif %}
                            || ' '
                    else ''
                end{{ ' ||' if not loop.last }}
            {%- endfor %}
        ) as fills,
        is_champion
    from encoded

)

select * from final
