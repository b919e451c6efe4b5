{#-
    A user whose runner-up is this near gets default content: the runner-up lies at most a
    tenth farther, or is less likely by at most ten points.
-#}
{% set ambiguous_margin = 0.1 %}
{#- What no live model clusters on pulls nowhere. -#}
{% set dimensions = live_dimensions() %}

with

features as (

    select * from {{ ref('int_users__current') }}

),

scored as (

    select * from {{ ref('seg_users__scored') }}
    where
        period = 'current'
        and is_champion
        -- a unit test says nothing of it
        and (
            coalesce(number_count, {{ dimensions | length }}) = {{ dimensions | length }}
            or {{ raise_error(
                "number_count || ' numbers are scored by, but live models cluster on others. Run: "
                ~ "dbt run --select seg_users__scaled seg_users__scored'"
            ) }} is null
        )

),

guessed as (

    select * from {{ ref('seg_users__guessed') }}

),

excluded as (

    select * from {{ ref('seg_users__excluded') }}

),

-- how far from its centre a segment's members lay when the model was fitted
spreads as (

    select
        model_version,
        segment_id,
        value as distance_q99
    from {{ ref('seg_model_artifacts') }}
    where
        record = 'spread'
        and name = 'distance_q99'

),

centers as (

    select * from {{ ref('seg_segment_centers') }}

),

-- a segment of several cores is where the middle of them is
wide as (

    select
        model_version,
        {%- for dimension in dimensions %}
            avg(case when feature = '{{ dimension }}' then center end) as {{ dimension }},
            avg(case when feature = '{{ dimension }}' then scale end)
                as {{ dimension }}__scale,
        {%- endfor %}
        segment_id
    from centers
    group by model_version, segment_id

),

-- the step of the ladder that holds somebody: what came and how, the first session, all
guesses as (

    select
        user_id,
        model_version,
        method,
        max(case when guess_number = 1 then segment_id end) as segment_id,
        max(case when guess_number = 2 then segment_id end) as runner_up_segment_id,
        max(case when guess_number = 1 then probability end) as confidence,
        coalesce(max(case when guess_number = 2 then probability end), 0)
            as runner_up_confidence
    from guessed
    group by user_id, model_version, method

),

placed as (

    select
        features.user_id,
        coalesce(guesses.segment_id, scored.segment_id) as segment_id,
        scored.model_version,
        case
            when guesses.user_id is null then scored.runner_up_segment_id
            else guesses.runner_up_segment_id
        end as runner_up_segment_id,
        case
            when not features.is_cold_start then 'cluster'
            -- before anything was learned of beginnings, the nearest segment stands in
            else coalesce(
                guesses.method,
                case when features.lifetime_event_count = 0 then 'prior' else 'cold_start' end
            )
        end as method,
        case when guesses.user_id is null then scored.distance end as distance,
        case
            when guesses.user_id is not null
                then guesses.confidence - guesses.runner_up_confidence
            else {{ segment_margin('scored.distance', 'scored.runner_up_distance') }}
        end as margin,
        coalesce(guesses.confidence, scored.confidence) as confidence,
        scored.numbers,
        features.is_cold_start,
        features.as_of
    from features
    inner join scored
        on features.user_id = scored.user_id
    left join guesses
        on
            features.user_id = guesses.user_id
            and scored.model_version = guesses.model_version

),

-- how much nearer a feature brings the user to the segment than to the runner-up; without
-- one, how far it sets the user apart. What the model does not cluster on pulls nowhere
pulled as (

    select
        {%- for dimension in dimensions %}
            {%- set number = nth_of_list('placed.numbers', loop.index) %}
            {{ number }} as {{ dimension }},
            case
                -- of whom nothing was seen there is nothing to say
                when placed.method = 'prior' or own.{{ dimension }} is null then 0
                when other.{{ dimension }} is null then power({{ number }}, 2)
                else
                    power(
                        ({{ number }} - other.{{ dimension }})
                        * other.{{ dimension }}__scale, 2
                    ) - power(
                        ({{ number }} - own.{{ dimension }})
                        * own.{{ dimension }}__scale, 2
                    )
            end as {{ dimension }}__pull,
        {%- endfor %}
        placed.*
    from placed
    left join wide as own
        on
            placed.model_version = own.model_version
            and placed.segment_id = own.segment_id
    left join wide as other
        on
            placed.model_version = other.model_version
            and placed.runner_up_segment_id = other.segment_id

),

{% set candidates = [] %}
{% for dimension in dimensions %}
    {% do candidates.append({
        'name': dimension, 'number': dimension, 'strength': dimension ~ '__pull'
    }) %}
{% endfor %}
final as (

    select
        placed.user_id,
        placed.segment_id,
        placed.model_version,
        placed.runner_up_segment_id,
        placed.method,
        {{ top_named(candidates, 3) }} as top_drivers,
        placed.distance,
        placed.margin,
        placed.confidence,
        placed.margin < {{ ambiguous_margin }} as is_ambiguous,
        excluded.user_id is not null
        or coalesce(placed.distance > spreads.distance_q99, false) as is_outlier,
        placed.is_cold_start,
        placed.as_of
    from pulled as placed
    left join excluded
        on placed.user_id = excluded.user_id
    left join spreads
        on
            placed.model_version = spreads.model_version
            and placed.segment_id = spreads.segment_id

)

select * from final
