{{ config(materialized='view') }}

{% set features = catalogued_features() %}
{#- What no live model clusters on is not filled for each user by itself. -#}
{% set live = live_features() %}
{% set regressed, neighboured = {}, {} %}
{% for feature, count in imputed_features().model.items() if not live or feature in live %}
    {% do regressed.update({feature: count}) %}
{% endfor %}
{% for feature, count in imputed_features().knn.items() if not live or feature in live %}
    {% do neighboured.update({feature: count}) %}
{% endfor %}
{% set passes = [1, 2, 3, 4] if regressed else [] %}
{% set settled_in = 'filled_' ~ (passes | length) %}
{% set known, is_known = [], [] -%}
{% for feature in features -%}
    {% do known.append('coalesce(' ~ feature ~ ', 0)') -%}
    {% do is_known.append('case when ' ~ feature ~ ' is null then 0 else 1 end') -%}
{% endfor %}
{% set asks_donors = [] if neighboured else ['false'] -%}
{% for feature in neighboured -%}
    {% do asks_donors.append(feature ~ '__is_accident and ' ~ feature ~ '__first_donor is not null') -%}
{% endfor %}
{% set made = item_dimensions() | map(attribute='name') | list %}
{% set parameters = ['standard_fill', 'weight', 'impute', 'is_clustered'] %}
{% set imputed = dict(regressed, **neighboured) %}

with

standardised as (

    select * from {{ ref('seg_users__standardised') }}

),

live as (

    select * from {{ ref('seg_models__live') }}

),

learned as (

    select learned.*
    from {{ ref('seg_feature_parameters') }} as learned
    inner join live
        on learned.model_version = live.model_version

),

-- every model ever fitted has its donors there
artifacts as (

    select artifacts.*
    from {{ ref('seg_model_artifacts') }} as artifacts
    inner join live
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

-- where each donor stands by each feature: a user's numbers, and 1 where one is known, times
-- these make the distance less what all donors share. One that tells nothing of the gap has 0
places as (

    select
        artifacts.model_version,
        artifacts.feature,
        artifacts.cluster_number,
        max(case when artifacts.name = 'value' then artifacts.value end) as donor_value,
        {% set products, squares, tells = [], [], [] -%}
        {% for feature in features -%}
            {% set own = "case when artifacts.name = '" ~ feature ~ "' then " -%}
            {% do products.append("coalesce(max(" ~ own ~ "-2 * artifacts.value end), 0)") -%}
            {% do squares.append("coalesce(max(" ~ own ~ "power(artifacts.value, 2) end), 0)") -%}
            {% do tells.append("count(" ~ own ~ "1 end)") -%}
        {% endfor -%}
        {{ number_list(products + squares) }} as place,
        {{ number_list(tells) }} as relevance
    from artifacts
    inner join learned
        on
            artifacts.model_version = learned.model_version
            and artifacts.feature = learned.feature
    where
        artifacts.record = 'donor'
        and learned.is_clustered = 1
    group by artifacts.model_version, artifacts.feature, artifacts.cluster_number

),

donors as (

    select
        *,
        row_number() over (
            partition by feature
            order by model_version, cluster_number
        ) as donor_number
    from places

),

donors_of_models as (

    select
        model_version,
        feature,
        min(donor_number) as first_donor,
        max(donor_number) as last_donor
    from donors
    group by model_version, feature

),

features_with_donors as (

    select
        feature,
        {{ ordered_list('donor_value', 'donor_number') }} as donor_values,
        {{ ordered_list('place', 'donor_number') }} as places,
        {{ ordered_list('relevance', 'donor_number') }} as relevances
    from donors
    group by feature

),

-- one row, of the donors of all live models. A user's row carries two numbers of them: joined by
-- model, the lists would be copied for everybody
donor_lists as (

    select
        count(*) as feature_count
        {%- for feature in neighboured %}
            {%- for parameter in ['donor_values', 'places', 'relevances'] %}
                ,
                max(case when feature = '{{ feature }}' then {{ parameter }} end)
                    as {{ feature }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
    from features_with_donors

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
        {%- if live %}
            ,
            count(
                case
                    when
                        learned.is_clustered = 1
                        and learned.feature not in ('{{ live | sort | join("', '") }}')
                        then 1
                end
            ) as unread_count
        
        {%- endif %}
        {%- for feature in features + made %}
            {%- for parameter in parameters %}
                ,
                max(
                    case when learned.feature = '{{ feature }}' then learned.{{ parameter }} end
                )
                    as {{ feature }}__{{ parameter }}
            
            {%- endfor %}
        {%- endfor %}
        {%- for feature in imputed %}
            {%- for parameter in ['missing_without', 'fallback'] %}
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
            {%- for parameter in ['first_donor', 'last_donor'] %}
                ,
                max(
                    case
                        when learned.feature = '{{ feature }}'
                            then donors_of_models.{{ parameter }}
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
    left join donors_of_models
        on
            learned.model_version = donors_of_models.model_version
            and learned.feature = donors_of_models.feature
    group by learned.model_version

),

started as (

    select
        wide.*,
        standardised.user_id,
        standardised.period,
        standardised.as_of,
        {%- for category in catalogued_categories() %}
            coalesce(standardised.{{ category }}, wide.{{ category }}__fill_level)
                as {{ category }}__filled,
            standardised.{{ category }},
        {%- endfor %}
        {%- for dimension in made %}
            coalesce(standardised.{{ dimension }}, wide.{{ dimension }}__standard_fill)
                as {{ dimension }}__filled,
            standardised.{{ dimension }},
        {%- endfor %}
        {%- for feature in features %}
            standardised.{{ feature }},
        {%- endfor %}
        -- a gap that is none has a meaning: who has no order has no order value
        {%- for feature, count in imputed.items() %}
            standardised.{{ feature }} is null
            {%- if count %}
                and not (
                    standardised.{{ count }}__is_zero
                    and coalesce(wide.{{ feature }}__missing_without = '{{ count }}', false)
                )
            {%- endif %} as {{ feature }}__is_accident,
        {%- endfor %}
        standardised.is_champion
    from standardised
    inner join wide
        on standardised.model_version = wide.model_version
    {% if live -%}
        where
            wide.unread_count = 0
            or {{ raise_error(
                "wide.unread_count || ' features that a live model clusters on are not read yet. "
                ~ "Run: dbt run --select seg_users__scaled seg_users__scored'"
            ) }} is null
    {%- endif %}

),

-- said once for all features that donors fill, of the users that donors are asked for: statements
-- are planned in a third of the time. Lists that may be unknown cannot be multiplied
listed as (

    select
        *,
        case
            when {{ asks_donors | join(' or ') }}
                then {{ number_list(known + is_known) }}
            else {{ number_list(['0'] * (2 * known | length)) }}
        end as known_numbers,
        case
            when {{ asks_donors | join(' or ') }}
                then {{ number_list(is_known) }}
            else {{ number_list(['0'] * known | length) }}
        end as are_known
    from started

),

guessed as (

    select
        {%- for feature in neighboured %}
            case
                when
                    listed.{{ feature }}__is_accident
                    and {{ dot_product(
                        'listed.are_known',
                        nth_of_list(
                            'donor_lists.' ~ feature ~ '__relevances',
                            'listed.' ~ feature ~ '__first_donor',
                        ),
                    ) }} > 0
                    then {{ mean_of_nearest(
                        'donor_lists.' ~ feature ~ '__donor_values',
                        'donor_lists.' ~ feature ~ '__places',
                        'listed.' ~ feature ~ '__first_donor',
                        'listed.' ~ feature ~ '__last_donor',
                        'listed.known_numbers',
                        5,
                    ) }}
            end as {{ feature }}__guess,
        {%- endfor %}
        listed.*
    from listed
    cross join donor_lists

),

filled_0 as (

    select
        {%- for feature in features %}
            coalesce(
                {{ feature }},
                {{ feature ~ '__guess,' if feature in neighboured }}
                {{ feature }}__standard_fill
            ) as {{ feature }}__filled{{ '_0' if feature in regressed }},
        {%- endfor %}
        *
    from guessed

),

-- a regression runs again on what it has filled, until it has settled
{% for pass in passes -%}
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
                    when {{ feature }}__is_accident and {{ feature }}__coefficients is not null
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
        from filled_{{ pass - 1 }}

    ),

{% endfor -%}
encoded as (

    select
        {%- for dimension in encoded_dimensions() %}
            {% if dimension.slot == 'target' -%}
                coalesce({{ dimension.category }}_levels.encoded, {{ settled_in }}.{{ dimension.name }}__fill_value)
            {%- elif dimension.slot == 'other' -%}
                case
                    {%- for slot in range(1, catalogued_categories()[dimension.category].count + 1) %}
                        when
                            {{ settled_in }}.{{ dimension.category }}__filled
                            = levels.{{ dimension.category }}_{{ slot }}__level
                            then 0.0
                    {%- endfor %}
                    else 1.0
                end
            {%- else -%}
                case
                    when {{ settled_in }}.{{ dimension.category }}__filled = levels.{{ dimension.name }}__level
                        then 1.0
                    else 0.0
                end
            {%- endif %} as {{ dimension.name }}__value,
        {%- endfor %}
        {{ settled_in }}.*
    from {{ settled_in }}
    left join levels
        on {{ settled_in }}.model_version = levels.model_version
    {%- for category, how in catalogued_categories().items() if how.encode == 'target' %}
        left join {{ category }}_levels
            on
                {{ settled_in }}.model_version = {{ category }}_levels.model_version
                and {{ settled_in }}.{{ category }}__filled = {{ category }}_levels.level
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
                            {%- if feature in imputed %}
                                || case
                                    when
                                        not {{ feature }}__is_accident
                                        {{ 'or ' ~ feature ~ '__guess is null' if feature in neighboured }}
                                        then coalesce({{ feature }}__fallback, 'median')
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
